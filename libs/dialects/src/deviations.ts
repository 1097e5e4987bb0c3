/**
 * How one host departs from its dialect, as data. Each field's absence means "as the dialect says", so a provider
 * profile (libs/providers) lists only deviations. Read by request writers and answer readers; each profile names the sources of its own.
 */
export interface Deviations {
  /** Which field carries the output limit. Default: `max_tokens`, or `max_completion_tokens` where the model's traits say so. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** How usage of a stream is had: ask with `stream_options.include_usage` (default), or it always comes and the option is rejected. */
  readonly streamUsage?: 'option' | 'always';
  /** Role of the leading instructions. Default `system`, or `developer` where the model's traits say so. */
  readonly systemRole?: 'system' | 'developer';
  /** Where a mid-conversation system message goes: kept in place, or folded into the neighbouring user turn. */
  readonly midSystem?: 'keep' | 'fold';
  /** The word for "must call some tool". */
  readonly requiredToolChoice?: 'required' | 'any';
  /** Form of tool call ids accepted in requests. `alnum9`: exactly nine letters or digits (Mistral). */
  readonly toolIds?: 'any' | 'alnum9';
  /** Longest tool name accepted. Default 64. */
  readonly toolNameMax?: number;
  /** Parameters the host answers with a 400, never sent to it: top-level fields, and `messages[].name`. */
  readonly rejects?: readonly string[];
  /** Sampling parameters beyond OpenAI's that the host takes: `top_k`, `min_p`, `repetition_penalty`. */
  readonly accepts?: readonly string[];
  /** How earlier reasoning goes back up. Default: dropped. */
  readonly reasoningInput?: 'drop' | 'reasoning_content' | 'reasoning_details';
  /** True when every assistant turn must carry `reasoning_content` once tools are used (DeepSeek). */
  readonly reasoningInputRequired?: boolean;
  /** How thinking is asked for: `reasoning_effort` (default), OpenRouter's `reasoning` object, Qwen's `enable_thinking` and budget, DeepSeek's `thinking.type`, or not at all. */
  readonly reasoningRequest?: 'reasoning_effort' | 'reasoning' | 'enable_thinking' | 'thinking' | 'none';
  /** How a trailing assistant message is marked as prefill. Default: sent as it is. */
  readonly prefill?: 'prefix' | 'partial' | 'plain' | 'none';
  /** True when `cache_control` on content parts is understood. */
  readonly cacheControl?: boolean;
  /** Most stop sequences accepted. Default 4. */
  readonly stopMax?: number;
  readonly temperatureMax?: number;
  /** Sent in place of a temperature of 0 where 0 is rejected. */
  readonly temperatureMin?: number;
  /** False when `response_format: json_schema` is not native: `json_object` plus the schema in the instructions. */
  readonly jsonSchema?: boolean;
  /** The seed's field name. Default `seed`. */
  readonly seedField?: 'seed' | 'random_seed';
  /** False when image content must be sent inline because URLs are not fetched. */
  readonly imageUrls?: boolean;
  /** How the host counts completion tokens: reasoning inside (OpenAI, default) or outside (xAI). */
  readonly completionTokens?: 'include-reasoning' | 'exclude-reasoning';
  /**
   * Reasoning as `<think>` tags in the text. Default: told from text only at the very start of an answer that has no
   * reasoning field; true: anywhere in it; false: never.
   */
  readonly thinkTags?: boolean;
  /** Origin under which reasoning signatures and encrypted reasoning of this host are tagged. Default: the profile's id. */
  readonly signatureOrigin?: string;
  /** Where a user message right after tool messages goes: sent as it is (default), or its text at the end of the last result (Mistral wants an assistant turn there). */
  readonly userAfterTool?: 'send' | 'merge';
  /** Field of the end user's hashed id. Default `user`. */
  readonly endUserField?: 'user' | 'safety_identifier';
}
