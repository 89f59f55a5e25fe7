export { type ErrorCode, HoldfastError } from './errors.ts';
