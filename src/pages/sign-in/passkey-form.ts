import { relyingPartyOf } from '../../factors/relying-party.ts';
import type { Step } from './step.ts';

/** Where a page sends what a passkey says; undefined where browsers know none. */
export function passkeyFormOf(
  step: Step<'publicUrl'>,
): { action: string; optionsUrl: string } | undefined {
  if (!relyingPartyOf(step.parts.publicUrl)) return undefined;
  return { action: step.url('passkey'), optionsUrl: step.url('passkey/options') };
}
