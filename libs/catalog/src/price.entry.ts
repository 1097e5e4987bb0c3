import 'reflect-metadata';
import { IsInt, IsOptional, Min } from 'class-validator';
import { IsPrice } from './checks.js';

/**
 * Prices as written: USD per million tokens; `image`, `request` and `web_search` USD each. Absent or null = not known,
 * which is not free.
 */
export class PriceEntry {
  @IsOptional()
  @IsPrice()
  prompt?: number | string | null;

  @IsOptional()
  @IsPrice()
  completion?: number | string | null;

  @IsOptional()
  @IsPrice()
  cache_read?: number | string | null;

  /** Writing to a cache that lives five minutes. */
  @IsOptional()
  @IsPrice()
  cache_write?: number | string | null;

  /** Writing to a cache that lives an hour. */
  @IsOptional()
  @IsPrice()
  cache_write_1h?: number | string | null;

  /** Reasoning tokens where they are priced apart; absent = as completion. */
  @IsOptional()
  @IsPrice()
  reasoning?: number | string | null;

  /** Audio tokens; absent = as prompt or completion. */
  @IsOptional()
  @IsPrice()
  audio?: number | string | null;

  @IsOptional()
  @IsPrice()
  image?: number | string | null;

  @IsOptional()
  @IsPrice()
  request?: number | string | null;

  @IsOptional()
  @IsPrice()
  web_search?: number | string | null;
}

/** Prices that replace the base ones, key by key, when the whole prompt is longer than `above_prompt_tokens`. */
export class PriceTierEntry extends PriceEntry {
  @IsInt({ message: 'a whole number of tokens' })
  @Min(1, { message: 'at least 1 token' })
  above_prompt_tokens!: number;
}
