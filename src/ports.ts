export type { OwnerIdentity, OwnerState } from './owner/identity.ts';
export type {
  ClaimOptions,
  Cleaned,
  CleanOptions,
  GroupOptions,
  GuardOptions,
  HoldOptions,
  LeaseOptions,
  ListOptions,
  LookOptions,
  Migrated,
  MigrateOptions,
  Released,
  ReleaseOptions,
  Reserved,
  ReservedGroup,
  ReserveOptions,
} from './ports/calls.ts';
export { ephemeralRange } from './ports/ephemeral.ts';
export { type RunOptions, runWithPort } from './ports/exec.ts';
export { type GetPortOptions, getPort } from './ports/get-port.ts';
export { type GitFacts, gitFacts } from './ports/git.ts';
export type { Held } from './ports/hold.ts';
export type { Imported } from './ports/import-trop.ts';
export type { Page } from './ports/list.ts';
export { cleanField, cleanTag } from './ports/metadata.ts';
export type { Listener, Occupancy } from './ports/occupancy.ts';
export type { OpenSocket, ProcessOwner } from './ports/open-socket.ts';
export { canonicalPath, implicitPath, normalizePath, type PathContext } from './ports/path.ts';
export { defaultPolicy, type OccupancyPolicy, type Policy } from './ports/policy.ts';
export type { Lease, PortRange, Reservation } from './ports/reservation.ts';
export { type GroupConfig, numberedServices, type Service } from './ports/services.ts';
export { type Durability, Ports, type PortsOptions } from './ports/store.ts';
export { type Finding, validateStore } from './ports/validate.ts';
export type { Why } from './ports/why.ts';
