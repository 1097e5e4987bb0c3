// A process of its own that migrates: `node --import from-source.mjs migrate.mjs <url or ''> <file>`. Prints the names of what it applied.
import process from 'node:process';
import { Database } from '@switchyard/database';

const [url = '', file = ''] = process.argv.slice(2);
const database = Database.open({ url: url === '' ? null : url, file });
const { applied } = await database.migrate();
await database.close();
process.stdout.write(JSON.stringify(applied));
