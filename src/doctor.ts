export {
  type DirectoryReport,
  type EpochReport,
  type FileReport,
  inspectDirectory,
  inspectStore,
  type StoreReport,
} from './engine/doctor.ts';
