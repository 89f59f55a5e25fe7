import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Where a part of a needle was found. */
export interface Hit {
  readonly name: string;
  /** How it was written there: `raw`, `hex`, … */
  readonly form: string;
  /** What `/proc/PID/maps` calls the mapping; the empty name is memory without a file. */
  readonly mapping: string;
  readonly address: number;
  /** How much of the needle is there, in a run. */
  readonly sizeBytes: number;
}

interface Window {
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/**
 * So much of a needle is enough to be told from chance: eight bytes of it, in each form. Whoever
 * frees memory often writes over the beginning of it, so that a whole needle would not be found.
 */
const PART_BYTES = 8;

/** Longer needles are looked for at some places only: what is left of them is left in long runs. */
const DENSE_BYTES = 128;
const SPARSE_STEP = 61;

/** The forms in which bytes stand in memory, and how many bytes of each stand for one. */
const FORMS: Readonly<Record<string, readonly [(bytes: Buffer) => Buffer, number]>> = {
  raw: [(bytes) => bytes, 1],
  hex: [(bytes) => Buffer.from(bytes.toString('hex')), 2],
  HEX: [(bytes) => Buffer.from(bytes.toString('hex').toUpperCase()), 2],
  base64: [(bytes) => Buffer.from(bytes.toString('base64').replace(/=+$/, '')), 4 / 3],
  base64url: [(bytes) => Buffer.from(bytes.toString('base64url')), 4 / 3],
  decimal: [(bytes) => Buffer.from([...bytes].join(',')), 3],
  // Text of V8 with a character beyond Latin-1 in it.
  utf16: [(bytes) => Buffer.from(bytes.toString('latin1'), 'utf16le'), 2],
};

/** Secrets by name, to be looked for in the memory of a process in every form. */
export class Needles {
  /** By their first four bytes, and by the next four. */
  readonly #windows = new Map<number, Map<number, Window[]>>();
  /** One bit for each three bytes that any of them begins with. */
  readonly #begins = new Uint8Array(2 ** 21);
  readonly #names = new Set<string>();
  #longestBytes = 0;

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(name: string, needle: Uint8Array): void {
    this.#names.add(name);
    const bytes = Buffer.from(needle);
    for (const [form, [write, width]] of Object.entries(FORMS)) {
      const size = Math.ceil(PART_BYTES * width);
      const written = write(bytes);
      const step = written.length <= DENSE_BYTES * width ? 1 : SPARSE_STEP;
      for (let at = 0; at + size <= written.length; at += step) {
        this.#put({ name, form, bytes: written.subarray(at, at + size) });
      }
    }
  }

  #put(window: Window): void {
    const { bytes } = window;
    const three = bytes.readUIntLE(0, 3);
    this.#begins[three >> 3] = (this.#begins[three >> 3] ?? 0) | (1 << (three & 7));
    const [first, second] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
    const byFirst = this.#windows.get(first) ?? new Map<number, Window[]>();
    byFirst.set(second, [...(byFirst.get(second) ?? []), window]);
    this.#windows.set(first, byFirst);
    this.#longestBytes = Math.max(this.#longestBytes, bytes.length);
  }

  /** @throws EACCES or EPERM where the system does not let us */
  findIn(pid: number): readonly Hit[] {
    const hits: Hit[] = [];
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    try {
      for (const mapping of usedMappings(pid)) this.#scan(memory, mapping, hits);
    } finally {
      closeSync(memory);
    }
    return hits;
  }

  /** Names of those of which a part is in these bytes. */
  findAll(bytes: Buffer): readonly string[] {
    const hits: Hit[] = [];
    this.#search(bytes, 0, '', hits);
    return [...new Set(hits.map(({ name }) => name))];
  }

  #scan(memory: number, { from, to, name }: Mapping, hits: Hit[]): void {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let at = from;
    while (at < to) {
      const sizeBytes = readAt(memory, chunk, at, Math.min(CHUNK_BYTES, to - at));
      this.#search(chunk.subarray(0, sizeBytes), at, name, hits);
      // What begins in the end of this chunk is found in the next.
      const isLast = sizeBytes < CHUNK_BYTES;
      at += isLast ? Math.max(sizeBytes, PAGE_BYTES) : sizeBytes - this.#longestBytes;
    }
  }

  #search(chunk: Buffer, address: number, mapping: string, hits: Hit[]): void {
    const begins = this.#begins;
    const end = chunk.length - PART_BYTES;
    for (let at = 0; at <= end; at += 1) {
      const three =
        (chunk[at] as number) |
        ((chunk[at + 1] as number) << 8) |
        ((chunk[at + 2] as number) << 16);
      if (three === 0 || ((begins[three >> 3] as number) & (1 << (three & 7))) === 0) continue;
      const byFirst = this.#windows.get(chunk.readUInt32LE(at));
      for (const { name, form, bytes } of byFirst?.get(chunk.readUInt32LE(at + 4)) ?? []) {
        if (chunk.subarray(at, at + bytes.length).equals(bytes))
          note(hits, { name, form, mapping, address: address + at }, bytes.length);
      }
    }
  }
}

/** Parts of one needle that overlap, or nearly touch, are one hit. */
function note(hits: Hit[], found: Omit<Hit, 'sizeBytes'>, sizeBytes: number): void {
  const { name, form, address } = found;
  const index = hits.findLastIndex((hit) => hit.name === name && hit.form === form);
  const last = hits[index];
  const isOne =
    last !== undefined &&
    address >= last.address &&
    address <= last.address + last.sizeBytes + SPARSE_STEP;
  if (isOne) hits[index] = { ...last, sizeBytes: address + sizeBytes - last.address };
  else hits.push({ ...found, sizeBytes });
}

interface Mapping {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

const CHUNK_BYTES = 2 ** 20;
const PAGE_BYTES = 4096;

/** Memory that the kernel shows to each process as its own. */
const KERNEL = new Set(['[vvar]', '[vvar_vclock]', '[vdso]', '[vsyscall]']);

/** All but files that cannot be written there: what is in them, nobody has brought. */
function usedMappings(pid: number): readonly Mapping[] {
  const pages = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, from = '', to = '', mode = '', name = ''] =
          /^(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
        const isFixed = name.startsWith('/') && !mode.startsWith('rw');
        if (!mode.startsWith('r') || isFixed || KERNEL.has(name)) return [];
        const mapping = { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), name };
        return usedParts(pages, mapping);
      });
  } finally {
    closeSync(pages);
  }
}

/** An entry of 8 bytes for each page; its two highest bits: in memory, or swapped out. */
const ENTRY_BYTES = 8;
const IS_USED = 0xc0;

/** Most of what is mapped was never touched. */
function usedParts(pages: number, { from, to, name }: Mapping): readonly Mapping[] {
  const count = (to - from) / PAGE_BYTES;
  const entries = Buffer.alloc(count * ENTRY_BYTES);
  readSync(pages, entries, 0, entries.length, (from / PAGE_BYTES) * ENTRY_BYTES);
  const parts: Mapping[] = [];
  let start: number | undefined;
  for (let page = 0; page <= count; page += 1) {
    const isUsed = ((entries[page * ENTRY_BYTES + ENTRY_BYTES - 1] ?? 0) & IS_USED) !== 0;
    if (isUsed) start ??= page;
    else if (start !== undefined) {
      const at = (index: number) => from + index * PAGE_BYTES;
      parts.push({ from: at(start), to: at(page), name });
      start = undefined;
    }
  }
  return parts;
}

/** Pages that cannot be read, because a file is shorter than its mapping, end it. */
function readAt(memory: number, chunk: Buffer, at: number, sizeBytes: number): number {
  try {
    return readSync(memory, chunk, 0, sizeBytes, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
    throw error;
  }
}
