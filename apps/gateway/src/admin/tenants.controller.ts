import { Controller, Delete, Get, Inject, Param, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { Caller } from '@switchyard/identity';
import { TenantSection } from '../config/caller-sections.js';
import { RequestBody } from '../control/admission.js';
import { QueryPipe } from '../control/query.pipe.js';
import { AdminBodyPipe } from './admin-body.pipe.js';
import { AdminGuard, Administrator } from './admin.guard.js';
import { AdminStores } from './admin-stores.js';
import { CallerListQuery, TenantChangeForm } from './caller-forms.js';
import { CallerIdPipe } from './caller-id.pipe.js';
import { configTenantJson, storedTenantJson } from './caller-json.js';
import { refuseUncountableLimits } from './countable-limits.js';
import { mergedPage } from './merged-page.js';
import type { Page } from './merged-page.js';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';
import { readForm } from './read-form.js';

const PAGE_SIZE = 100;

interface TenantAnswer {
  readonly data: JsonObject;
}

/** Tenants: those of the database can be made, changed and removed, those of the configuration file only seen. */
@Controller('admin/v1/tenants')
@UseGuards(AdminGuard)
export class TenantsController {
  constructor(
    @Inject(OPS_PARTS) private readonly parts: OpsParts,
    private readonly stores: AdminStores,
  ) {}

  @Post()
  async create(@Administrator() by: Caller, @RequestBody(AdminBodyPipe) body: JsonObject): Promise<TenantAnswer> {
    const { id, limits } = readForm(TenantSection, body);
    const config = this.parts.config();
    refuseUncountableLimits(limits, config);
    if (config.tenants.has(id)) {
      throw new GatewayError('conflict', `A tenant of the configuration file has the id "${id}".`, { param: 'id' });
    }
    const tenant = await this.stores.change(
      (store) => store.tenants.create({ id, policy: rulesIn(body, 'policy'), limits: rulesIn(body, 'limits') }),
      () => ({ by, what: 'tenant created', id }),
    );
    return { data: storedTenantJson(tenant) };
  }

  @Get()
  async list(@Query(new QueryPipe(CallerListQuery, 'refused')) query: CallerListQuery): Promise<Page> {
    const { cursor } = query;
    const limit = Number(query.limit ?? PAGE_SIZE);
    const stored = await this.stores.identity((store) =>
      store.tenants.list({ limit: limit + 1, ...(cursor !== undefined && { afterId: cursor }) }),
    );
    const configured = [...this.parts.config().tenants.values()];
    return mergedPage(
      configured.map((tenant) => ({ id: tenant.id, view: configTenantJson(tenant) })),
      stored.map((tenant) => ({ id: tenant.id, view: storedTenantJson(tenant) })),
      { limit, cursor },
    );
  }

  @Get(':id')
  async find(@Param('id', CallerIdPipe) id: string): Promise<TenantAnswer> {
    const configured = this.parts.config().tenants.get(id);
    if (configured !== undefined) return { data: configTenantJson(configured) };
    const tenant = await this.stores.identity((store) => store.tenants.find(id));
    if (tenant === null) throw new GatewayError('not_found', 'No tenant has this id.');
    return { data: storedTenantJson(tenant) };
  }

  @Patch(':id')
  async update(
    @Administrator() by: Caller,
    @Param('id', CallerIdPipe) id: string,
    @RequestBody(AdminBodyPipe) body: JsonObject,
  ): Promise<TenantAnswer> {
    this.refuseConfigured(id);
    const { policy, limits } = readForm(TenantChangeForm, body);
    refuseUncountableLimits(limits, this.parts.config());
    const change = {
      ...(policy !== undefined && { policy: rulesIn(body, 'policy') }),
      ...(limits !== undefined && { limits: rulesIn(body, 'limits') }),
    };
    const tenant = await this.stores.change(
      (store) => store.tenants.update(id, change),
      () => ({ by, what: 'tenant changed', id }),
    );
    return { data: storedTenantJson(tenant) };
  }

  @Delete(':id')
  async remove(@Administrator() by: Caller, @Param('id', CallerIdPipe) id: string): Promise<TenantAnswer> {
    this.refuseConfigured(id);
    await this.stores.change(
      (store) => store.tenants.delete(id),
      () => ({ by, what: 'tenant deleted', id }),
    );
    return { data: { id, deleted: true } };
  }

  private refuseConfigured(id: string): void {
    if (!this.parts.config().tenants.has(id)) return;
    throw new GatewayError('conflict', `The tenant "${id}" is one of the configuration file, and is changed there.`);
  }
}

/** Rules are stored as they were sent: the form has only checked them. */
function rulesIn(body: JsonObject, name: 'policy' | 'limits'): JsonObject | null {
  return (body[name] ?? null) as JsonObject | null;
}
