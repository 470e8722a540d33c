/**
 * Loaded into a service (`node --import`) for which a name of the internet is to lead to this machine.
 * Its own code still sees the public address that the name has, and judges that; only the connection
 * goes elsewhere, as if a router did it.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

type Done = (error: Error | null, addresses?: unknown, family?: number) => void;
type Lookup = (name: string, options: { all?: boolean }, done: Done) => void;

const [name, address = '', port] = (process.env.DETOUR ?? '').split(' ');
const answer = (options: { all?: boolean }, to: string, done: Done) =>
  options.all ? done(null, [{ address: to, family: 4 }]) : done(null, to, 4);

const lookup = dns.lookup as unknown as Lookup;
dns.lookup = ((asked: string, options: { all?: boolean }, done: Done) =>
  asked === name
    ? answer(options, address, done)
    : lookup(asked, options, done)) as typeof dns.lookup;
syncBuiltinESMExports();

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function detoured(this: net.Socket, ...words: unknown[]) {
  const [first] = words.flat() as [{ host?: string; port?: unknown; lookup?: Lookup } | undefined];
  if (first?.host === name && first?.lookup) {
    const { lookup: judge } = first;
    first.port = Number(port);
    first.lookup = (asked, options, done) =>
      judge(asked, options, (error) => (error ? done(error) : answer(options, '127.0.0.1', done)));
  }
  return connect.apply(this, words as never);
} as typeof connect;
