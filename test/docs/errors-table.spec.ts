import { readFileSync } from 'node:fs';
import { ERRORS } from '@switchyard/contract';
import type { ErrorRow } from '@switchyard/contract';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

const line = (code: string, { status, anthropic, openai, shouldRetry }: ErrorRow): string => {
  const both = status.anthropic === status.openai;
  const cells = [
    `\`${code}\``,
    both ? String(status.openai) : `${status.anthropic} / ${status.openai}`,
    `\`${anthropic}\``,
    `\`${openai.type}\``,
    openai.code === null ? '' : `\`${openai.code}\``,
    shouldRetry === null ? '' : String(shouldRetry),
  ];
  return cells.join(' | ');
};

describe('the page on errors', () => {
  it.each(Object.entries(ERRORS))('has the row of %s as it is in the table', (code, row) => {
    const rows = page
      .split('\n')
      .map((text) => text.replaceAll(/ +/g, ' ').replace(/^\| /, '').replace(/ \|$/, '').trim());
    expect(rows).toContain(line(code, row).trim());
  });
});
