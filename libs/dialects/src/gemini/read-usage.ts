import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { UsageReport } from '@switchyard/conversation';
import { CountReader } from '../token-counts.js';

/**
 * Token counts of one answer of the Gemini API. Every chunk of a stream may carry a `usageMetadata`, cumulative and not
 * always complete (the first often has the prompt alone, one may have the traffic type alone): the last word on each
 * member counts, nothing is added up.
 */
export class GeminiUsageReader {
  private members: JsonObject = {};

  read(usageMetadata: JsonValue | undefined): void {
    if (!isJsonObject(usageMetadata)) return;
    const said = Object.entries(usageMetadata).filter(([, value]) => value !== null);
    this.members = { ...this.members, ...Object.fromEntries(said) };
  }

  report(): UsageReport {
    const counts = new CountReader();
    const prompt = counts.read(this.members, 'promptTokenCount');
    const thoughts = counts.read(this.members, 'thoughtsTokenCount');
    const candidates = counts.read(this.members, 'candidatesTokenCount');
    if (prompt === undefined && candidates === undefined && thoughts === undefined) {
      return { ...NO_USAGE, suspect: counts.suspect };
    }
    const tools = counts.read(this.members, 'toolUsePromptTokenCount') ?? 0;
    const input = this.input(prompt ?? 0, tools, counts);
    const output = this.output(candidates, thoughts ?? 0, (prompt ?? 0) + tools, counts);
    return {
      present: true,
      usage: { ...input, ...output, cacheWrite5m: 0, cacheWrite1h: 0, webSearches: 0 },
      suspect: counts.suspect,
    };
  }

  /** `promptTokenCount` includes what the cache served, asked for or not; what tools brought in comes on top. */
  private input(
    prompt: number,
    tools: number,
    counts: CountReader,
  ): Pick<Usage, 'uncachedInput' | 'cacheRead' | 'audioInput'> {
    const share = counts.share(prompt);
    const cacheRead = share.take('cachedContentTokenCount', counts.read(this.members, 'cachedContentTokenCount') ?? 0);
    // Audio that the cache served is charged as cached.
    const audio =
      this.ofModality('promptTokensDetails', 'AUDIO', counts) - this.ofModality('cacheTokensDetails', 'AUDIO', counts);
    const audioInput = share.take('promptTokensDetails', Math.max(0, audio));
    const toolShare = counts.share(tools);
    const toolAudio = toolShare.take(
      'toolUsePromptTokensDetails',
      this.ofModality('toolUsePromptTokensDetails', 'AUDIO', counts),
    );
    return { uncachedInput: share.rest() + toolShare.rest(), cacheRead, audioInput: audioInput + toolAudio };
  }

  /**
   * Thoughts are not among the candidates, unless the total says so, as it does for some models of Vertex AI. Candidates
   * that are not counted are what the total has beyond the rest.
   */
  private output(
    counted: number | undefined,
    thoughts: number,
    input: number,
    counts: CountReader,
  ): Pick<Usage, 'output' | 'reasoning' | 'imageOutput' | 'audioOutput'> {
    const total = counts.read(this.members, 'totalTokenCount');
    const candidates = counted ?? Math.max(0, (total ?? 0) - input - thoughts);
    const isInside = counted !== undefined && thoughts <= candidates && total === input + candidates;
    const share = counts.share(isInside ? candidates : candidates + thoughts);
    const reasoning = share.take('thoughtsTokenCount', thoughts);
    const imageOutput = share.take(
      'candidatesTokensDetails',
      this.ofModality('candidatesTokensDetails', 'IMAGE', counts),
    );
    const audioOutput = share.take(
      'candidatesTokensDetails',
      this.ofModality('candidatesTokensDetails', 'AUDIO', counts),
    );
    return { output: share.rest(), reasoning, imageOutput, audioOutput };
  }

  private ofModality(member: string, modality: string, counts: CountReader): number {
    const details = this.members[member];
    if (!Array.isArray(details)) return 0;
    let tokens = 0;
    for (const detail of details as readonly JsonValue[]) {
      if (isJsonObject(detail) && detail['modality'] === modality)
        tokens += counts.read(detail, 'tokenCount', member) ?? 0;
    }
    return tokens;
  }
}
