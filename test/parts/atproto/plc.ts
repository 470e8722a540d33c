import { Secp256k1Keypair } from '@atproto/crypto';
import { Client } from '@did-plc/lib';
import { Database, PlcServer } from '@did-plc/server';

/*
 * A PLC directory that forgets everything when it ends:
 *   node plc.ts serve PORT
 * and what the holder of the rotation key can do to a DID in it:
 *   node plc.ts update DIRECTORY_URL KEY_HEX DID CHANGES_AS_JSON
 *   node plc.ts tombstone DIRECTORY_URL KEY_HEX DID
 */
const [verb, ...words] = process.argv.slice(2) as [string, ...string[]];

const verbs: Record<string, (...words: string[]) => Promise<unknown>> = {
  serve: (port) => PlcServer.create({ db: Database.mock(), port: Number(port) }).start(),
  update: async (url, key, did, changes) =>
    new Client(url).updateData(did, await Secp256k1Keypair.import(key), (last) => ({
      ...last,
      ...JSON.parse(changes),
    })),
  tombstone: async (url, key, did) =>
    new Client(url).tombstone(did, await Secp256k1Keypair.import(key)),
};

await verbs[verb]?.(...words);
