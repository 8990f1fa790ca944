import { canary } from './canary/check.ts';
import type { Check } from './check.ts';
import { credentialRotation } from './credential-rotation.ts';
import { mutations } from './mutations/check.ts';
import { outbound } from './outbound/check.ts';
import { revocation } from './revocation/check.ts';
import { rotation } from './rotation/check.ts';
import { suites } from './suites/check.ts';

/** In the order they are run in. */
export const checks: readonly Check[] = [mutations, revocation, rotation, canary, credentialRotation, outbound, suites];
