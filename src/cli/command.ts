/** How one option is written and what it takes. The table of a command is its whole syntax. */
export interface OptionSpec {
  /**
   * `flag` takes no value, `text` any, `texts` any, as often as it is given, `integer` a whole
   * number within `min` and `max`.
   */
  readonly type: 'flag' | 'text' | 'texts' | 'integer';
  readonly help: string;
  /** Placeholder of the value in usage lines. */
  readonly value?: string;
  readonly short?: string;
  /** Values allowed, compared without regard to case and handed on in this spelling. */
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly required?: boolean;
  readonly conflicts?: readonly string[];
  readonly requires?: string;
  /** Understood, but left out of help and completions. */
  readonly hidden?: boolean;
  /** It is known only to be refused with this sentence. */
  readonly refused?: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** `rest` takes everything that follows, options included; `many` every argument. */
  readonly count?: 'many' | 'rest';
}

/** The value of one option as its command sees it. */
type OptionValue<T extends OptionSpec['type']> = T extends 'flag'
  ? boolean
  : T extends 'integer'
    ? number
    : T extends 'texts'
      ? readonly string[]
      : string;

/** Parsed options; one that was not given is absent. */
export type Values<O extends OptionTable> = {
  readonly [K in keyof O]?: OptionValue<O[K]['type']> | undefined;
};

/** One invocation: what was asked, where, and the two streams to answer on. */
export interface Call<O extends OptionTable = OptionTable> {
  readonly options: Values<O>;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by SIGINT. */
  readonly signal: AbortSignal;
  /** Adds to the result, which is written in one piece when the command has succeeded. */
  out(text: string): void;
  /** Adds a line to stderr. */
  note(line: string): void;
  /**
   * Writes what there is, for a command that goes on for long; false when nobody reads its result any
   * more.
   */
  flush(): Promise<boolean>;
}

export interface Command<O extends OptionTable = OptionTable> {
  readonly options: O;
  readonly args?: readonly ArgumentSpec[];
  /** Text after the options in `--help`. */
  readonly details?: string;
  /** Resolves with the exit status; nothing is 0. */
  run(call: Call<O>): Promise<number | undefined>;
}

/** A command in a program's table: its file is loaded when it is called or described. */
export interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command | Program>;
  readonly hidden?: boolean;
}

/** A named set of commands with options of its own that stand anywhere on the line. */
export interface Program {
  readonly name: string;
  readonly about: string;
  version(): string | Promise<string>;
  readonly globals: OptionTable;
  readonly commands: Readonly<Record<string, Entry>>;
  /** What a line is for that names none of the commands. */
  readonly otherwise?: Entry;
  readonly details?: string;
}
