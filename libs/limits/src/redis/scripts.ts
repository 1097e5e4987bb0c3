import { createHash } from 'node:crypto';
import { LAPSES_PER_RESERVE, LEASE_MS, MISSED_HEARTBEATS_MS } from '../lifetimes.js';
import { LIBRARY, REDIS_CLOCK } from './script-library.js';

/** A script and the digest that Redis knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export interface Scripts {
  readonly reserve: Script;
  readonly settle: Script;
  readonly renew: Script;
  readonly look: Script;
  readonly raise: Script;
  readonly heartbeat: Script;
}

/** In the order of their numbers in the answer of `reserve`; 0 = it fits. */
export const VERDICTS = [null, 'rate', 'concurrency', 'too_large', 'budget_in_flight', 'budget_exhausted'] as const;

/**
 * KEYS: reservation, leases, one per charge. ARGV: id, then dimension, limit, mode and cost per charge.
 * Answers granted (1 or 0), time, then remaining, reset, verdict and wait per charge.
 */
const RESERVE = `
local id = ARGV[1]
lapse(KEYS[2], string.sub(KEYS[1], 1, -#id - 1), ${String(LAPSES_PER_RESERVE)})
local is_new = redis.call('EXISTS', KEYS[1]) == 0
local granted = true
local entries = {}

local function weigh(entry)
  local limit, cost = entry.limit, entry.cost
  if entry.budget then
    local charged = entry.budget.charged
    if charged + cost <= limit then return 0, 0 end
    return (charged - entry.budget.held + cost > limit) and 5 or 4, 0
  end
  if entry.taken then return entry.taken + 1 > limit and 2 or 0, 0 end
  if cost > limit then return 3, 0 end
  local missing = cost * MINUTE - entry.level
  if missing > 0 then return 1, math.ceil(missing / limit) end
  return 0, 0
end

local function take(entry)
  local cost = entry.cost
  if entry.budget then
    entry.budget.charged = entry.budget.charged + cost
    entry.budget.held = entry.budget.held + cost
    keep_budget(entry.key, WINDOW_KINDS[entry.dimension], entry.budget)
  elseif entry.taken then
    hold_slot(entry.key, id)
    entry.taken = entry.taken + 1
  else
    entry.level = keep_bucket(entry.key, entry.limit, entry.shadow, entry.level - cost * MINUTE)
  end
end

for index = 3, #KEYS do
  local first = (index - 3) * 4 + 2
  local entry = {
    key = KEYS[index], dimension = ARGV[first], limit = tonumber(ARGV[first + 1]), shadow = ARGV[first + 2] == 'shadow',
    cost = tonumber(ARGV[first + 3]), verdict = 0, wait = 0
  }
  load(entry)
  if is_new then
    entry.verdict, entry.wait = weigh(entry)
    if entry.verdict ~= 0 and not entry.shadow then granted = false end
  end
  entries[#entries + 1] = entry
end

if granted and is_new then
  local stored = { 'running' }
  for index, entry in ipairs(entries) do
    take(entry)
    local first = (index - 1) * 4 + 2
    stored[#stored + 1] = table.concat({
      entry.dimension, entry.key, ARGV[first + 1], ARGV[first + 2], ARGV[first + 3], entry.budget and text(entry.budget.window) or '0'
    }, ',')
  end
  -- Without end: what is held of a budget must be found again however long nobody calls.
  redis.call('SET', KEYS[1], table.concat(stored, ';'))
  redis.call('ZADD', KEYS[2], text(now + LEASE), id)
end

local answer = { granted and 1 or 0, now }
for _, entry in ipairs(entries) do
  local remaining, reset = state_of(entry)
  local size = #answer
  answer[size + 1], answer[size + 2], answer[size + 3], answer[size + 4] = remaining, reset, entry.verdict, entry.wait
end
return answer
`;

/**
 * KEYS: reservation, leases, then what to charge when there is no such reservation. ARGV: id, "settle" or "release", input
 * tokens, output tokens, cost ("-" = as reserved), the moment to charge at, then dimension, limit, mode and cost of each.
 * The keys of the charges stand in the reservation; they share its slot. Answers 1 when this call took effect, else 0.
 *
 * Where rates are charged late, what was admitted more than a minute ago has long been refilled, and nobody is brought
 * into debt: the bucket had less in it than it seems, but how much less is not known.
 */
const SETTLE = `
local id = ARGV[1]
local stored = redis.call('GET', KEYS[1])
if stored == 'settled' then return 0 end

if not stored then
  redis.call('SET', KEYS[1], 'settled', 'PX', text(#KEYS > 2 and KEPT or TOMBSTONE))
  local at = tonumber(ARGV[6])
  local used = { input_tokens = tonumber(ARGV[3]), output_tokens = tonumber(ARGV[4]) }
  for index = 3, #KEYS do
    local first = 7 + (index - 3) * 4
    local dimension, limit, shadow = ARGV[first], tonumber(ARGV[first + 1]), ARGV[first + 2] == 'shadow'
    local kind = WINDOW_KINDS[dimension]
    if kind then
      local budget = read_budget(KEYS[index], kind)
      if window_of(kind, at) == budget.window then
        budget.charged = budget.charged + tonumber(ARGV[5])
        keep_budget(KEYS[index], kind, budget)
      end
    elseif now - at < MINUTE then
      local level = bucket_level(KEYS[index], limit)
      local left = level - (used[dimension] or tonumber(ARGV[first + 3])) * MINUTE
      keep_bucket(KEYS[index], limit, shadow, math.max(math.min(level, 0), left))
    end
  end
  return #KEYS > 2 and 1 or 0
end

local spent = { input_tokens = tonumber(ARGV[3]), output_tokens = tonumber(ARGV[4]) }
for dimension in pairs(WINDOW_KINDS) do spent[dimension] = tonumber(ARGV[5]) end

local freed = is_lapsed(stored) and 0 or 1
for _, entry in ipairs(entries_of(stored)) do
  local kind = WINDOW_KINDS[entry.dimension]
  local difference = -entry.cost
  if ARGV[2] == 'settle' then difference = difference + (spent[entry.dimension] or entry.cost) end
  if entry.dimension == 'concurrency' then
    redis.call('ZREM', entry.key, id)
  elseif kind then
    local budget = read_budget(entry.key, kind)
    if budget.window == entry.window then
      budget.charged = math.max(0, budget.charged + difference)
      budget.held = math.max(0, budget.held - freed * entry.cost)
      keep_budget(entry.key, kind, budget)
    end
  elseif difference ~= 0 then
    keep_bucket(entry.key, entry.limit, entry.shadow, bucket_level(entry.key, entry.limit) - difference * MINUTE)
  end
end
redis.call('ZREM', KEYS[2], id)
redis.call('SET', KEYS[1], 'settled', 'PX', text(TOMBSTONE))
return 1
`;

/** KEYS: leases, then reservations. ARGV: their ids. A lapsed reservation runs again, over the limit if need be: the request does run. */
const RENEW = `
for index = 2, #KEYS do
  local id = ARGV[index - 1]
  local stored = redis.call('GET', KEYS[index])
  if stored and stored ~= 'settled' then
    local entries = entries_of(stored)
    if is_lapsed(stored) then
      hold_budgets(entries, 1)
      redis.call('SET', KEYS[index], 'running' .. string.sub(stored, 7))
    end
    redis.call('ZADD', KEYS[1], text(now + LEASE), id)
    for _, entry in ipairs(entries) do
      if entry.dimension == 'concurrency' then hold_slot(entry.key, id) end
    end
  end
end
return 1
`;

/** KEYS: one per limit. ARGV: dimension and limit of each. Answers time, then remaining and reset of each. */
const LOOK = `
local answer = { now }
for index, key in ipairs(KEYS) do
  local entry = { key = key, dimension = ARGV[index * 2 - 1], limit = tonumber(ARGV[index * 2]) }
  load(entry)
  answer[#answer + 1], answer[#answer + 2] = state_of(entry)
end
return answer
`;

/**
 * KEYS: leases, then one per budget. ARGV: prefix of reservations, then dimension, floor and moment of each. Answers the largest
 * difference repaired. A request may be in the ledger and still held here, so what is held is added only to a floor told
 * one lease ago: by then the requests in it are settled or lapsed.
 */
const RAISE = `
lapse(KEYS[1], ARGV[1], 1000000)
local largest = 0
for index = 2, #KEYS do
  local first = (index - 2) * 3 + 2
  local key, kind, floor = KEYS[index], WINDOW_KINDS[ARGV[first]], tonumber(ARGV[first + 1])
  local budget = read_budget(key, kind)
  if window_of(kind, tonumber(ARGV[first + 2])) == budget.window then
    local told = budget.fresh and {} or redis.call('HMGET', key, 'told', 'told_at')
    local told_at = tonumber(told[2])
    local target = floor
    if told_at and now - told_at >= ${String(LEASE_MS)} then
      target = math.max(target, tonumber(told[1]) + budget.held)
      told_at = nil
    end
    local drift = math.max(0, target - budget.charged)
    budget.charged = budget.charged + drift
    keep_budget(key, kind, budget)
    if not told_at then redis.call('HSET', key, 'told', text(floor), 'told_at', now_text) end
    largest = math.max(largest, drift)
  end
end
return largest
`;

/** KEYS: the instances. ARGV: this one, empty for one that only looks on. Answers how many announced themselves lately, and the time. */
const HEARTBEAT = `
if ARGV[1] ~= '' then redis.call('ZADD', KEYS[1], now_text, ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - ${String(MISSED_HEARTBEATS_MS)}))
return { redis.call('ZCARD', KEYS[1]), now }
`;

/** `clock` sets `now`; tests bring their own. */
export function scriptsWith(clock: string = REDIS_CLOCK): Scripts {
  const script = (body: string): Script => {
    const lua = clock + LIBRARY + body;
    return { lua, sha: createHash('sha1').update(lua).digest('hex') };
  };
  return {
    reserve: script(RESERVE),
    settle: script(SETTLE),
    renew: script(RENEW),
    look: script(LOOK),
    raise: script(RAISE),
    heartbeat: script(HEARTBEAT),
  };
}
