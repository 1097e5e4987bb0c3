import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

/** What must not be found anywhere, by what it is; each value is unique and has no other reason to occur. */
export class Canaries {
  private readonly all: { readonly name: string; readonly value: string }[] = [];

  /** A new one, to be used where only it belongs. */
  add(name: string, prefix = ''): string {
    const value = `${prefix}canary${randomBytes(12).toString('hex')}`;
    this.know(name, value);
    return value;
  }

  /** One that somebody else made. */
  know(name: string, value: string): void {
    this.all.push({ name, value });
  }

  /** `place: name` for each that occurs in the bytes, as it is or in one of the usual encodings. */
  in(place: string, bytes: Buffer | string): string[] {
    const content = Buffer.from(bytes);
    return this.all.flatMap(({ name, value }) =>
      spellings(value).some((spelling) => content.includes(spelling)) ? [`${place}: ${name}`] : [],
    );
  }

  get count(): number {
    return this.all.length;
  }
}

function spellings(value: string): readonly Buffer[] {
  const plain = Buffer.from(value);
  return [
    plain,
    Buffer.from(value, 'utf16le'),
    Buffer.from(plain.toString('hex')),
    Buffer.from(plain.toString('base64').replace(/=+$/, '')),
  ];
}

/** Every file below a folder, with its bytes. A file that goes away meanwhile is left out. */
export function filesIn(folder: string): { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const path = join(folder, name);
    try {
      return statSync(path).isFile() ? [{ path, bytes: readFileSync(path) }] : [];
    } catch {
      return [];
    }
  });
}

/** Every row of every table, as text. */
export async function everyRow(databaseUrl: string): Promise<readonly string[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const lines: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`select row_to_json(t)::text as line from ${name} as t`);
      lines.push(...rows.map(({ line }) => `${name} ${line}`));
    }
    return lines;
  } finally {
    await client.end();
  }
}
