import type { Diagnosis, StallLimits } from './diagnosis.ts';
import {
  accountOf,
  inFlightAllAlong,
  isBurning,
  isIdle,
  LOOKS_MIN,
  type Look,
  lastMs,
  lookedMs,
  ownMsOf,
  returnedOf,
  trailing,
  workersOf,
} from './look.ts';
import { slow, starvation } from './unfair.ts';

/**
 * What a run suffers from, by looks at it in order of time; undefined while there is no telling.
 * The looks are of one phase and reach back to the last progress, and `stallMs` and `slowMs` at
 * least. A slow machine raises no alarm: time counts only where looks were taken, a worker that
 * wants to run and is not let is not blamed, and a livelock is counted in processor time. Where the
 * use of workers is not known, nothing is told.
 */
export function classify(looks: readonly Look[], limits: StallLimits): Diagnosis | undefined {
  if (looks.length < LOOKS_MIN) return undefined;
  const still = trailing(looks, (look, next) => returnedOf(look) === returnedOf(next));
  const isStill = still.length >= LOOKS_MIN && lookedMs(still) >= limits.stallMs;
  const stop = stopped(looks, isStill, limits);
  if (stop) return stop;
  if (isStill) return standstill(still, limits);
  return starvation(looks, limits) ?? slow(looks, limits);
}

function stopped(
  looks: readonly Look[],
  isStill: boolean,
  { stallMs }: StallLimits,
): Diagnosis | undefined {
  const last = looks.at(-1);
  const stopOf = (worker: number) =>
    lastMs(
      trailing(looks, (look, next) => isStopped(look, worker) && isStopped(next, worker)),
      stallMs,
    );
  const workers = [...(last?.workers.keys() ?? [])].filter((worker) => {
    const stop = stopOf(worker);
    const holdsUp = isStill || workersOf(last, inFlightAllAlong(stop)).includes(worker);
    return holdsUp && lookedMs(stop) >= stallMs;
  });
  if (workers.length === 0) return undefined;
  // Where nothing returns, the others may wait for what the stopped one holds.
  const clients = inFlightAllAlong(looks.slice(-LOOKS_MIN)).filter(
    (client) => isStill || workers.includes(last?.clients[client]?.worker ?? -1),
  );
  const message = `${named('worker', workers)} stopped by a signal, and did not go on for ${stallMs} ms`;
  return { kind: 'stopped', message, clients, workers };
}

/** Nothing has returned in all of these looks. */
function standstill(still: readonly Look[], { stallMs }: StallLimits): Diagnosis | undefined {
  const clients = inFlightAllAlong(still);
  const workers = workersOf(still.at(-1), clients);
  const accounts = new Map(workers.map((worker) => [worker, accountOf(still, worker)]));
  const time = `no operation has returned for ${seconds(lookedMs(still))}`;
  // In processor time, for ten that spin get a fifth each of two processors.
  const burning = workers.filter((worker) => isBurning(accounts.get(worker), stallMs));
  if (burning.length > 0) {
    const used = burning.map((worker) => seconds(accounts.get(worker)?.usedMs ?? 0)).join(', ');
    const message = `${time}, while ${named('worker', burning)} computing: ${used} of processor time`;
    return { kind: 'livelock', message, clients, workers: burning };
  }
  const isAnyStopped = still.some((look) =>
    look.workers.some((_, worker) => isStopped(look, worker)),
  );
  // Whoever goes on after a stop, computes, or waits for a device may yet let all others go on. Who
  // has done so before he fell asleep does not matter.
  const lately = lastMs(still, ASLEEP_SPAN * stallMs);
  const isAsleep = workers.every((worker) => isIdle(accountOf(lately, worker)));
  if (clients.length === 0 || isAnyStopped || !isAsleep || isAnotherAwake(lately)) return undefined;
  // Who is not let go on, or begin, may do what the others wait for.
  if (ownMsOf(still) < stallMs) return undefined;
  const message = `${time}, and ${named('worker', workers)} asleep`;
  return { kind: 'deadlock', message, clients, workers };
}

/** Times the longest time without any operation returning. */
const ASLEEP_SPAN = 2;

/** One that is at no operation may yet do what the others wait for. */
function isAnotherAwake(looks: readonly Look[]): boolean {
  const all = looks.at(-1)?.workers.keys() ?? [];
  return all
    .map((worker) => accountOf(looks, worker))
    .some((account) => account !== undefined && !isIdle(account));
}

function isStopped({ workers }: Look, worker: number): boolean {
  return workers[worker]?.state === 'stopped';
}

function named(what: string, numbers: readonly number[]): string {
  return numbers.length === 1 ? `${what} ${numbers[0]} is` : `${what}s ${numbers.join(', ')} are`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
