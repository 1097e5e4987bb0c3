import 'reflect-metadata';
import { IsArray, IsBoolean, IsIn, IsNumber, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { ModelEntry, ProviderEntry } from '@switchyard/catalog';
import type { CompatFlag, Permission } from '@switchyard/identity';
import { DEFAULT_PERMISSIONS, PERMISSIONS } from '@switchyard/identity';
import { isPrivateHost } from '@switchyard/transport';
import { COMPAT_RULE, KeySection, TenantSection } from './caller-sections.js';
import { Doc, ListOf, Section, Shape, WholeNumber } from './checks.js';
import type { ShapeRule } from './checks.js';
import type { LogLevel } from './gateway-config.js';
import { LOG_LEVELS } from './gateway-config.js';
import { LimitModeSection } from './limits-section.js';
import { GoldenRequestSection, HealthSection, IdempotencySection, OverloadSection } from './resilience-sections.js';
import { RoutingSection } from './routing-section.js';
import { TimeoutsSection } from './timeouts-section.js';

const WORKERS_MAX = 256;

export class ServerSection {
  @Doc('Address both ports listen on.')
  @IsOptional()
  @Matches(/^[A-Za-z0-9.:_-]{1,253}$/, { message: 'a host name or an IP address' })
  host = '127.0.0.1';

  @Doc('Data port; 0 takes any free one.')
  @WholeNumber(0, 65_535)
  port = 8080;

  @Doc('Operations port; 0 takes any free one.')
  @WholeNumber(0, 65_535)
  ops_port = 9090;

  @Doc('Worker processes. auto: one per core, or 1 without Redis. 0: everything in one process.')
  @IsOptional()
  @Shape({
    schema: { anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 0, maximum: WORKERS_MAX }] },
    expected: `auto, or a whole number from 0 to ${String(WORKERS_MAX)}`,
    accepts: (value) =>
      value === 'auto' || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= WORKERS_MAX),
  })
  workers: 'auto' | number = 'auto';

  @Doc('Largest request body in MiB, after decompression.')
  @IsOptional()
  @IsNumber()
  @Min(0.001)
  @Max(256)
  max_body_mib = 32;

  @Doc('Deepest nesting of a request body.')
  @WholeNumber(8, 512)
  max_body_depth = 64;

  @Doc('Most images in one request.')
  @WholeNumber(0, 100_000)
  max_images = 100;
}

export class RedisSection {
  @Matches(/^(?:rediss?:\/\/|unix:\/)\S+$/, { message: 'a redis:// or rediss:// URL' })
  url!: string;
}

export class DatabaseSection {
  @Matches(/^postgres(?:ql)?:\/\/\S+$/, { message: 'a postgres:// URL' })
  url!: string;
}

export class CatalogSection {
  @Doc('Whether the shipped catalogue is used; each of its providers is enabled by its credential.')
  @IsOptional()
  @IsBoolean()
  builtin = true;
}

const PRIVATE_HOSTS: ShapeRule = {
  schema: { type: 'array', items: { type: 'string' } },
  expected: 'a list of host names, addresses and ranges (10.1.0.0/16)',
  accepts: (value) =>
    Array.isArray(value) && value.every((entry: unknown) => typeof entry === 'string' && isPrivateHost(entry)),
};

export class SecuritySection {
  @Doc('Keys the digests of API keys; at least 32 bytes. Generated into data_dir when absent.')
  @IsOptional()
  @Length(32, 1024)
  pepper?: string;

  @Doc('Encrypts stored credentials; at least 32 bytes. Generated into data_dir when absent.')
  @IsOptional()
  @Length(32, 1024)
  encryption_key?: string;

  @Doc(
    'Hosts that URLs from callers may lead to though they are not public: names, addresses and ranges (10.1.0.0/16).',
  )
  @IsOptional()
  @Shape(PRIVATE_HOSTS)
  private_hosts: string[] = [];

  @Doc('What a key may do whose entry says nothing.')
  @IsOptional()
  @IsArray()
  @IsIn(PERMISSIONS, { each: true })
  default_permissions: Permission[] = [...DEFAULT_PERMISSIONS];

  @Doc('True: `user` goes upstream as a keyed hash.')
  @IsOptional()
  @IsBoolean()
  hash_user = false;
}

export const DURABILITIES = ['process', 'disk'] as const;

/** The local file every request is written to before and after its upstream call. */
export class JournalSection {
  @Doc(
    'process: a request survives the death of its process. disk: also a power failure; each request waits for the disk.',
  )
  @IsOptional()
  @IsIn(DURABILITIES)
  durability: (typeof DURABILITIES)[number] = 'process';

  @Doc('With less free space in data_dir than this, in MiB, no new request is taken.')
  @WholeNumber(1, 1_000_000)
  min_free_mib = 64;
}

export class AlertsSection {
  @Doc('Receives a signed POST when a budget passes a threshold.')
  @Matches(/^https?:\/\/[^\s@]+$/, { message: 'an http or https URL without user name' })
  url!: string;

  @Doc('Signs the body: HMAC-SHA-256 in x-switchyard-signature.')
  @Length(16, 1024)
  secret!: string;

  @Doc('Shares of a budget at which an alert is sent.')
  @IsOptional()
  @IsArray()
  @IsNumber({}, { each: true })
  @Min(0.01, { each: true })
  @Max(1, { each: true })
  thresholds: number[] = [0.5, 0.8, 1];
}

export class RetentionSection {
  @Doc('Days that usage records are kept; sums stay. Absent: for ever.')
  @WholeNumber(1, 100_000)
  requests_days?: number;
}

export class LogSection {
  @IsOptional()
  @IsIn(LOG_LEVELS)
  level: LogLevel = 'info';
}

/** `switchyard.yaml`. Initial values are the defaults. */
export class SwitchyardFile {
  @Section(() => ServerSection)
  server = new ServerSection();

  @Doc('Absent: limits live in the process, and one worker serves.')
  @Section(() => RedisSection)
  redis?: RedisSection;

  @Doc('Absent: an embedded database in data_dir.')
  @Section(() => DatabaseSection)
  database?: DatabaseSection;

  @Doc('Journal, embedded ledger and generated secrets; relative to the working directory.')
  @IsOptional()
  @IsString()
  @Length(1, 4096)
  data_dir = './data';

  @Section(() => CatalogSection)
  catalog = new CatalogSection();

  @Section(() => RoutingSection)
  routing = new RoutingSection();

  @Section(() => TimeoutsSection)
  timeouts = new TimeoutsSection();

  @Doc('Hosts that serve models. An entry with the id of a shipped provider overrides it field by field.')
  @ListOf(() => ProviderEntry, 1_000)
  providers: ProviderEntry[] = [];

  @Doc('Models and their endpoints. An entry with the id of a shipped model extends it; endpoints replace by tag.')
  @ListOf(() => ModelEntry, 10_000)
  models: ModelEntry[] = [];

  @ListOf(() => TenantSection, 10_000)
  tenants: TenantSection[] = [];

  @ListOf(() => KeySection, 20_000)
  keys: KeySection[] = [];

  @Section(() => LimitModeSection)
  limits = new LimitModeSection();

  @Section(() => HealthSection)
  health = new HealthSection();

  @Section(() => OverloadSection)
  overload = new OverloadSection();

  @Section(() => IdempotencySection)
  idempotency = new IdempotencySection();

  @Doc('Requests that every configuration must be able to route: one that cannot is refused at start and at reload.')
  @ListOf(() => GoldenRequestSection, 100)
  golden_requests: GoldenRequestSection[] = [];

  @Section(() => JournalSection)
  journal = new JournalSection();

  @Doc('Absent: nobody is told of budgets.')
  @Section(() => AlertsSection)
  alerts?: AlertsSection;

  @Section(() => RetentionSection)
  retention = new RetentionSection();

  @Section(() => SecuritySection)
  security = new SecuritySection();

  @Doc("Departures from a protocol's own shape, for every key.")
  @IsOptional()
  @Shape(COMPAT_RULE)
  compat?: CompatFlag | CompatFlag[];

  @Section(() => LogSection)
  log = new LogSection();
}
