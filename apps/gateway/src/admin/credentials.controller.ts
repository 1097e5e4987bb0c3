import { Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, UseGuards } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { Credential, JsonObject } from '@switchyard/contract';
import type { Caller, CredentialChange, StoredCredential } from '@switchyard/identity';
import { RequestBody } from '../control/admission.js';
import { AdminBodyPipe } from './admin-body.pipe.js';
import { AdminGuard, Administrator } from './admin.guard.js';
import { AdminStores } from './admin-stores.js';
import { CallerIdPipe } from './caller-id.pipe.js';
import { CredentialChangeForm, NewCredentialForm } from './credential-forms.js';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';
import { readForm } from './read-form.js';

interface CredentialAnswer {
  readonly data: JsonObject;
}

/**
 * What Switchyard signs in to providers with. Secrets go in and never come out: those of the database can be stored,
 * replaced and deleted, those of the configuration file only seen to exist.
 */
@Controller('admin/v1/credentials')
@UseGuards(AdminGuard)
export class CredentialsController {
  constructor(
    @Inject(OPS_PARTS) private readonly parts: OpsParts,
    private readonly stores: AdminStores,
  ) {}

  @Post()
  async create(@Administrator() by: Caller, @RequestBody(AdminBodyPipe) body: JsonObject): Promise<CredentialAnswer> {
    const { provider, id, api_key: secret, weight = null, limits } = readForm(NewCredentialForm, body);
    const written = this.parts.config().catalog.providers.find((entry) => entry.id === provider);
    if (written === undefined) {
      throw new GatewayError('invalid_request', 'No provider of the catalogue has this id.', { param: 'provider' });
    }
    if (written.credentials.some((credential) => credential.id === id)) throw configured(id);
    const input = { provider, id, secret, weight, limits: rulesIn(body, limits) ?? null };
    const credential = await this.stores.changeCredential(
      (store) => store.create(input),
      () => ({ by, what: 'credential stored', id: `${provider}/${id}` }),
    );
    return { data: this.view(credential) };
  }

  /** All of them: those of the configuration first, then by provider and id. */
  @Get()
  async list(): Promise<{ readonly data: readonly JsonObject[] }> {
    const stored = await this.stores.credentials((store) => store.list());
    const { providers } = this.parts.config().catalog;
    const written = providers.flatMap(({ id, credentials }) => credentials.map((own) => configView(id, own)));
    return { data: [...written, ...stored.map((credential) => this.view(credential))] };
  }

  @Patch(':provider/:id')
  async update(
    @Administrator() by: Caller,
    @Param('provider', CallerIdPipe) provider: string,
    @Param('id', CallerIdPipe) id: string,
    @RequestBody(AdminBodyPipe) body: JsonObject,
  ): Promise<CredentialAnswer> {
    const { api_key: secret, weight, limits } = readForm(CredentialChangeForm, body);
    const rules = rulesIn(body, limits);
    const change: CredentialChange = {
      ...(typeof secret === 'string' && { secret }),
      ...(weight !== undefined && { weight }),
      ...(rules !== undefined && { limits: rules }),
    };
    const credential = await this.stores.changeCredential(
      (store) => store.update(provider, id, change),
      () => ({ by, what: 'credential changed', id: `${provider}/${id}` }),
    );
    return { data: this.view(credential) };
  }

  @Delete(':provider/:id')
  @HttpCode(204)
  async delete(
    @Administrator() by: Caller,
    @Param('provider', CallerIdPipe) provider: string,
    @Param('id', CallerIdPipe) id: string,
  ): Promise<void> {
    await this.stores.changeCredential(
      (store) => store.delete(provider, id),
      () => ({ by, what: 'credential deleted', id: `${provider}/${id}` }),
    );
  }

  private view(credential: StoredCredential): JsonObject {
    const { provider, id } = credential;
    const fault = this.parts.unusableCredentials().find((one) => one.provider === provider && one.id === id);
    return {
      provider,
      id,
      source: 'database',
      status: fault === undefined ? 'active' : 'unusable',
      reason: fault?.reason ?? null,
      digest_prefix: credential.digestPrefix,
      weight: credential.weight ?? 1,
      limits: credential.limits,
      created_at: new Date(credential.createdAtMs).toISOString(),
      updated_at: new Date(credential.updatedAtMs).toISOString(),
    };
  }
}

/** Of a secret in the file nothing is shown at all: a digest would be the only copy of it in any answer. */
function configView(provider: string, { id, weight, limits }: Credential): JsonObject {
  return {
    provider,
    id,
    source: 'config',
    status: 'active',
    reason: null,
    digest_prefix: null,
    weight,
    limits:
      limits === undefined
        ? null
        : {
            requests_per_minute: limits.requestsPerMinute,
            input_tokens_per_minute: limits.inputTokensPerMinute,
            output_tokens_per_minute: limits.outputTokensPerMinute,
            concurrency: limits.concurrency,
          },
    created_at: null,
    updated_at: null,
  };
}

/** Limits are stored as they were sent: the form has only checked them. `undefined` = nothing was sent. */
function rulesIn(body: JsonObject, checked: object | null | undefined): JsonObject | null | undefined {
  return checked === undefined ? undefined : ((body['limits'] ?? null) as JsonObject | null);
}

function configured(id: string): GatewayError {
  return new GatewayError('conflict', `A credential of the configuration has the id "${id}".`, { param: 'id' });
}
