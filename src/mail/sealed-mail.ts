import { z } from 'zod';
import type { KeyRing } from '../secrets/keyring.ts';

const content = z.object({
  to: z.string(),
  locale: z.string(),
  params: z.record(z.string(), z.unknown()),
});

export type MailContent = { to: string; locale: string; params: object };
type MailRow = { id: string; tenantId: string | null };

const context = ({ id, tenantId }: MailRow) => `mails:${id}:sealed:${tenantId ?? ''}`;

export function sealMail(ring: KeyRing, row: MailRow, mail: MailContent): string {
  return ring.seal(JSON.stringify(mail), context(row));
}

/** @throws AppError `encryption_key_missing` or `sealed_value_invalid` */
export function openMail(ring: KeyRing, row: MailRow, sealed: string): MailContent {
  return content.parse(JSON.parse(ring.open(sealed, context(row)).toString()));
}

/** The same content under the ring's first key. */
export function resealMail(ring: KeyRing, row: MailRow, sealed: string): string {
  return ring.seal(ring.open(sealed, context(row)), context(row));
}
