import assert from 'node:assert/strict';
import nodemailer from 'nodemailer';
import { test } from 'vitest';
import { codeIn, linkIn } from './mail.ts';
import { startMailServer } from './smtp.ts';

test('the mail server hands out each message once and refuses on request', async () => {
  const server = await startMailServer();
  const mailer = nodemailer.createTransport(server.url);
  const send = (text: string) =>
    mailer.sendMail({ from: 'us@example.org', to: 'Ann@example.org', subject: 'Hello', text });
  server.refuse(1);
  await assert.rejects(send('lost'), /451/);
  await send('Your code: 123 456');
  await send('Go to https://example.org/confirm?t=1 now');
  const first = await server.inbox.waitForMail('ann@example.org', { subject: /Hello/ });
  assert.equal(codeIn(first), '123456');
  const second = await server.inbox.waitForMail('ann@example.org');
  assert.equal(linkIn(second, /confirm/), 'https://example.org/confirm?t=1');
  await assert.rejects(server.inbox.waitForMail('ann@example.org', { timeout: 50 }), /in vain/);
  mailer.close();
  await server.stop();
});
