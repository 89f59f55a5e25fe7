// What a rig needs to put itself between code under test and its files.
export type { FsCall, FsHook, Steps } from './fs-call.ts';
export { atOnce, runToEnd } from './fs-call.ts';
export { memoryPromises } from './memory-promises.ts';
export { type MountOptions, mountMemoryFs } from './mount-memory-fs.ts';
export { hookRealFs, type RealFsOptions } from './real-fs-hook.ts';
