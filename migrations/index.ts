import { Foundation1795200000000 } from './1795200000000-foundation.ts';
import { Federation1795300000000 } from './1795300000000-federation.ts';
import { WaysIn1795400000000 } from './1795400000000-ways-in.ts';
import { Rooms1795500000000 } from './1795500000000-rooms.ts';
import { HandOff1795600000010 } from './1795600000010-hand-off.ts';
import { Administrators1795600000030 } from './1795600000030-administrators.ts';
import { Avatars1795600000050 } from './1795600000050-avatars.ts';
import { ConsentedClaims1797000000002 } from './1797000000002-consented-claims.ts';
import { RoleGivers1797000000003 } from './1797000000003-role-givers.ts';
import { Untouched1797000000006 } from './1797000000006-untouched.ts';
import { ClientSessions1797000000009 } from './1797000000009-client-sessions.ts';
import { AuditSeals1797000000010 } from './1797000000010-audit-seals.ts';
import { SigningKeys1797000000012 } from './1797000000012-signing-keys.ts';
import { ClientRefusals1797000000026 } from './1797000000026-client-refusals.ts';
import { MatrixDevices1797000000031 } from './1797000000031-matrix-devices.ts';
import { ClientRequirements1797000000034 } from './1797000000034-client-requirements.ts';
import { AdministrationLists1797100000000 } from './1797100000000-administration-lists.ts';
import { SecondFactors1797200000011 } from './1797200000011-second-factors.ts';
import { MatrixRooms1797300000000 } from './1797300000000-matrix-rooms.ts';
import { SecondStep1797400000012 } from './1797400000012-second-step.ts';
import { TwoStepsRequired1797400000013 } from './1797400000013-two-steps-required.ts';
import { Passkeys1797500000000 } from './1797500000000-passkeys.ts';
import { ClientAcr1797600000014 } from './1797600000014-client-acr.ts';
import { LostFactors1797600000015 } from './1797600000015-lost-factors.ts';
import { RoomsByTime1797700000000 } from './1797700000000-rooms-by-time.ts';
import { TrustedMfa1797800000016 } from './1797800000016-trusted-mfa.ts';

/**
 * In the order of their times, as they run: `migrate` compares this with what the database has. A
 * migration that has landed is never edited.
 */
export const migrations = [
  Foundation1795200000000,
  Federation1795300000000,
  WaysIn1795400000000,
  Rooms1795500000000,
  HandOff1795600000010,
  Administrators1795600000030,
  Avatars1795600000050,
  ConsentedClaims1797000000002,
  RoleGivers1797000000003,
  Untouched1797000000006,
  ClientSessions1797000000009,
  AuditSeals1797000000010,
  SigningKeys1797000000012,
  ClientRefusals1797000000026,
  MatrixDevices1797000000031,
  ClientRequirements1797000000034,
  AdministrationLists1797100000000,
  SecondFactors1797200000011,
  MatrixRooms1797300000000,
  SecondStep1797400000012,
  TwoStepsRequired1797400000013,
  Passkeys1797500000000,
  ClientAcr1797600000014,
  LostFactors1797600000015,
  RoomsByTime1797700000000,
  TrustedMfa1797800000016,
];
