import { defaultPolicy, type Policy } from '../../src/ports.ts';

/** Looks at no socket and prunes nothing: the outcome depends on the reservations alone. */
export const contractPolicy: Partial<Policy> = {
  min: 21000,
  max: 21099,
  autoprune: false,
  occupancy: { ...defaultPolicy.occupancy, skip: true },
};
