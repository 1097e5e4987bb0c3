import { CredentialNotices } from './credential-notices.js';
import type { ProcessLog } from './process-log.js';

it('tells of a stored credential that is not used once, until it was used in between', () => {
  const lines: unknown[] = [];
  const log = { logger: { error: (fault: unknown) => lines.push(fault) } } as unknown as ProcessLog;
  const notices = new CredentialNotices(log);
  const first = { provider: 'groq', id: 'main', reason: 'its secret was stored under another key' };
  const second = { ...first, id: 'second' };
  notices.tell({ unusableCredentials: [first] });
  notices.tell({ unusableCredentials: [{ ...first }, second] });
  expect(lines).toEqual([first, second]);
  notices.tell({ unusableCredentials: [] });
  notices.tell({ unusableCredentials: [first] });
  expect(lines).toEqual([first, second, first]);
});
