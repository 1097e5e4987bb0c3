import { KEPT_MS, LEASE_MS, TOMBSTONE_MS } from '../lifetimes.js';
import { MINUTE_MS } from '../windows.js';

/** The store's clock, so that no gateway's matters. Scripts read it once, as `now` in Unix milliseconds. */
export const REDIS_CLOCK = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

/** How Lua numbers become text without an exponent: money stays exact below 2^53. */
const NUMBERS = `
local function text(number) return string.format('%.0f', number) end
local now_text = text(now)
`;

/**
 * Windows by number as in \`windows.ts\`. Days from and to the civil calendar: Howard Hinnant,
 * https://howardhinnant.github.io/date_algorithms.html
 */
const WINDOWS = `
local DAY = 86400000
local WINDOW_KINDS = { budget_day = 'day', budget_month = 'month', budget_total = 'total' }

local function month_of(day)
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local day_of_era = shifted - era * 146097
  local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
    - math.floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
  local from_march = math.floor((5 * day_of_year + 2) / 153)
  return (year_of_era + era * 400) * 12 + from_march + 2
end

local function first_day_of(month)
  local from_march = month - 2
  local year = math.floor(from_march / 12)
  local era = math.floor(year / 400)
  local year_of_era = year - era * 400
  local day_of_year = math.floor((153 * (from_march - year * 12) + 2) / 5)
  return era * 146097 + year_of_era * 365 + math.floor(year_of_era / 4) - math.floor(year_of_era / 100) + day_of_year - 719468
end

local function window_of(kind, at)
  if kind == 'total' then return 0 end
  local day = math.floor(at / DAY)
  if kind == 'day' then return day end
  return month_of(day)
end

local function window_end(kind, window)
  if kind == 'day' then return (window + 1) * DAY end
  return first_day_of(window + 1) * DAY
end
`;

/** A bucket is the text "level time", a level in sixty-thousandths of a token; one that is not there is full. */
const BUCKETS = `
local MINUTE = ${String(MINUTE_MS)}

local function bucket_level(key, limit)
  local full = limit * MINUTE
  local stored = redis.call('GET', key)
  if not stored then return full end
  local level, at = string.match(stored, '^(%S+) (%S+)$')
  return math.min(full, tonumber(level) + math.max(0, now - tonumber(at)) * limit)
end

local function keep_bucket(key, limit, shadow, level)
  local full = limit * MINUTE
  if shadow then level = math.max(level, -full) end
  level = math.min(level, full)
  redis.call('SET', key, text(level) .. ' ' .. now_text, 'PX', text(math.ceil((full - level) / limit) + MINUTE))
  return level
end
`;

/** A sorted set of ids by the end of their lease, the same moment as that of the whole reservation. */
const SLOTS = `
local LEASE = ${String(LEASE_MS)}

local function slots_taken(key)
  return redis.call('ZCOUNT', key, '(' .. now_text, '+inf')
end

local function hold_slot(key, id)
  redis.call('ZADD', key, text(now + LEASE), id)
end
`;

/** A budget of an earlier window counts as none; a clock that was set back stays in the later window. */
const BUDGETS = `
local function read_budget(key, kind)
  local stored = redis.call('HMGET', key, 'window', 'charged', 'held')
  local window = tonumber(stored[1])
  local current = window_of(kind, now)
  if window and window >= current then
    return { window = window, charged = tonumber(stored[2]), held = tonumber(stored[3]) }
  end
  return { window = current, charged = 0, held = 0, fresh = true }
end

local function keep_budget(key, kind, budget)
  if budget.fresh then
    redis.call('DEL', key)
    redis.call('HSET', key, 'window', text(budget.window))
  end
  redis.call('HSET', key, 'charged', text(budget.charged), 'held', text(budget.held))
  if budget.fresh and kind ~= 'total' then redis.call('PEXPIREAT', key, text(window_end(kind, budget.window) + DAY)) end
  budget.fresh = false
end
`;

/**
 * A reservation is the text "running;entry;entry...", an entry being "dimension,key,limit,mode,cost,window". Once its lease
 * ended it begins with "lapsed", and after its settlement the text "settled" is left. Keys hold neither commas nor semicolons.
 */
const RESERVATIONS = `
local KEPT = ${String(KEPT_MS)}
local TOMBSTONE = ${String(TOMBSTONE_MS)}

local function entries_of(stored)
  local entries = {}
  for dimension, key, limit, mode, cost, window in string.gmatch(stored, ';([^,]+),([^,]+),([^,]+),([^,]+),([^,]+),([^,;]+)') do
    entries[#entries + 1] = {
      dimension = dimension, key = key, limit = tonumber(limit), shadow = mode == 'shadow', cost = tonumber(cost), window = tonumber(window)
    }
  end
  return entries
end

local function is_lapsed(stored) return string.sub(stored, 1, 6) == 'lapsed' end

-- Counts what a reservation holds of budgets as held, or no longer.
local function hold_budgets(entries, sign)
  for _, entry in ipairs(entries) do
    local kind = WINDOW_KINDS[entry.dimension]
    if kind then
      local budget = read_budget(entry.key, kind)
      if budget.window == entry.window then
        budget.held = math.max(0, budget.held + sign * entry.cost)
        keep_budget(entry.key, kind, budget)
      end
    end
  end
end

-- Reservations whose lease ended: their slots are gone, and what they hold becomes spend until a late settlement corrects it.
local function lapse(leases, prefix, most)
  local ids = redis.call('ZRANGEBYSCORE', leases, '-inf', now_text, 'LIMIT', 0, most)
  for _, id in ipairs(ids) do
    local stored = redis.call('GET', prefix .. id)
    if stored and string.sub(stored, 1, 7) == 'running' then
      local entries = entries_of(stored)
      hold_budgets(entries, -1)
      for _, entry in ipairs(entries) do
        if entry.dimension == 'concurrency' then redis.call('ZREM', entry.key, id) end
      end
      redis.call('SET', prefix .. id, 'lapsed' .. string.sub(stored, 8), 'PX', text(KEPT))
    end
    redis.call('ZREM', leases, id)
  end
end
`;

/** How a limit stands: remaining and milliseconds to its reset. */
const STATES = `
local function load(entry)
  local kind = WINDOW_KINDS[entry.dimension]
  if kind then entry.budget = read_budget(entry.key, kind)
  elseif entry.dimension == 'concurrency' then entry.taken = slots_taken(entry.key)
  else entry.level = bucket_level(entry.key, entry.limit) end
end

local function state_of(entry)
  local kind = WINDOW_KINDS[entry.dimension]
  if kind then
    local reset = kind == 'total' and 0 or math.max(0, window_end(kind, entry.budget.window) - now)
    return entry.limit - entry.budget.charged, reset
  end
  if entry.dimension == 'concurrency' then return entry.limit - entry.taken, 0 end
  return math.floor(entry.level / MINUTE), math.ceil((entry.limit * MINUTE - entry.level) / entry.limit)
end
`;

/** What the scripts share, after the lines that set `now`. */
export const LIBRARY = [NUMBERS, WINDOWS, BUCKETS, SLOTS, BUDGETS, RESERVATIONS, STATES].join('');
