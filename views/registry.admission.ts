/** Invitations, and waiting to be let in. */
export interface AdmissionPages {
  /** What a link invites to; `hidden` goes back unchanged. */
  invitation: {
    /** `member` is already in: nothing is used up. */
    state: 'open' | 'member' | 'used_up' | 'ended';
    action: string;
    hidden: Readonly<Record<string, string>>;
    /** Whom it is for, masked. */
    email?: string;
    /** The handle that is kept for them. */
    handle?: string;
    /** The homeserver's name, the part of an address after the colon. */
    serverName: string;
    /** What the button of their sign-in says there, after "Continue with"; nothing without a homeserver. */
    button?: string;
    expiresAt: Date;
    accountUrl: string;
  };

  /** Somebody proved who they are, and the community has not let them in. */
  'sign-up-request': {
    state: 'waiting' | 'refused';
    /** Where the answer goes; people without an address see it when they come back. */
    email?: string;
    checkUrl: string;
    cancelUrl?: string;
  };
}
