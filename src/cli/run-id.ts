import type { Client } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import { RUN_ID } from '../contracts/ids.ts';

/** A run id from the command line; `last` is the newest. Errors: `usage`, and `not_found` where there is no run. */
export async function runIdOf(client: Client, text: string): Promise<string> {
  if (text === 'last') {
    const { items } = await client.runs.list({ limit: 1 });
    if (items[0]) return items[0].id;
    throw new IceError('not_found', 'There is no run yet.', { hint: 'ice run NAME' });
  }
  if (RUN_ID.test(text)) return text;
  throw new IceError('usage', 'That is no run id.', {
    hint: 'Ids begin with run_; ice runs list shows them',
  });
}
