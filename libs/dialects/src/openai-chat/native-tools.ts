import type { JsonObject } from '@switchyard/contract';
import type { NativeTool } from '@switchyard/conversation';

/** A function that stands for one of Anthropic's schema-less client tools. */
export interface ExpandedTool {
  readonly description: string;
  readonly parameters: JsonObject;
}

const text = (description: string): JsonObject => ({ type: 'string', description });
const line = (description: string): JsonObject => ({ type: 'integer', description });
const command = (...names: string[]): JsonObject => ({
  type: 'string',
  enum: names,
  description: 'The command to run.',
});
const VIEW_RANGE: JsonObject = {
  type: 'array',
  items: { type: 'integer' },
  description: 'First and last line to view, from 1; -1 as the last means to the end of the file.',
};

/** https://docs.claude.com/en/docs/agents-and-tools/tool-use/bash-tool */
const BASH: ExpandedTool = {
  description: 'Runs a command in a persistent bash session.',
  parameters: {
    type: 'object',
    properties: {
      command: text('The command to run. Required unless the tool is restarted.'),
      restart: { type: 'boolean', description: 'True to restart the session.' },
    },
  },
};

/** https://docs.claude.com/en/docs/agents-and-tools/tool-use/text-editor-tool */
function textEditor(commands: readonly string[], insertKey: 'new_str' | 'insert_text'): ExpandedTool {
  return {
    description: 'Views, creates and edits text files.',
    parameters: {
      type: 'object',
      properties: {
        command: command(...commands),
        path: text('Path of the file or directory.'),
        view_range: VIEW_RANGE,
        file_text: text('Content of the file, for create.'),
        old_str: text('Text to replace; must occur exactly once, for str_replace.'),
        new_str: text('Replacement text, for str_replace.'),
        insert_line: line('Line after which to insert, 0 for the start of the file, for insert.'),
        ...(insertKey === 'insert_text' && { insert_text: text('Text to insert, for insert.') }),
      },
      required: ['command', 'path'],
    },
  };
}

/** https://docs.claude.com/en/docs/agents-and-tools/tool-use/memory-tool */
const MEMORY: ExpandedTool = {
  description: 'Keeps notes in files under /memories between conversations.',
  parameters: {
    type: 'object',
    properties: {
      command: command('view', 'create', 'str_replace', 'insert', 'delete', 'rename'),
      path: text('Path under /memories.'),
      view_range: VIEW_RANGE,
      file_text: text('Content of the file, for create.'),
      old_str: text('Text to replace, for str_replace.'),
      new_str: text('Replacement text, for str_replace.'),
      insert_line: line('Line after which to insert, for insert.'),
      insert_text: text('Text to insert, for insert.'),
      old_path: text('Present path, for rename.'),
      new_path: text('Path to rename to, for rename.'),
    },
    required: ['command'],
  },
};

const EXPANSIONS: readonly (readonly [prefix: string, tool: ExpandedTool])[] = [
  ['bash_', BASH],
  ['text_editor_20250124', textEditor(['view', 'create', 'str_replace', 'insert', 'undo_edit'], 'new_str')],
  ['text_editor_', textEditor(['view', 'create', 'str_replace', 'insert'], 'insert_text')],
  ['memory_', MEMORY],
];

/** The function that a native tool amounts to, or undefined for one whose schema is not documented (`computer_*`). */
export function expandNativeTool(tool: NativeTool): ExpandedTool | undefined {
  return EXPANSIONS.find(([prefix]) => tool.nativeType.startsWith(prefix))?.[1];
}
