import { Controller, Get, Param, Query, Req, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@switchyard/contract';
import { HealthTracker } from '@switchyard/dispatch';
import type { Request } from 'express';
import { Admitted } from './admission.js';
import type { Admission } from './admission.js';
import { anthropicModel, anthropicPage } from './anthropic-shape.js';
import { isAnthropicClient } from './client-dialect.js';
import { KeyGuard } from './key.guard.js';
import { ModelAccess } from './model-access.js';
import { AnthropicModelQuery, listWindow, ModelQuery, pageOf, selectModels } from './model-query.js';
import { endpointsView, modelView, providerView } from './openrouter-shape.js';
import { QueryPipe } from './query.pipe.js';

const anthropicQuery = new QueryPipe(AnthropicModelQuery);
const openrouterQuery = new QueryPipe(ModelQuery);

/** What the caller may use: models, their endpoints, and who serves them. */
@Controller('v1')
@UseGuards(KeyGuard)
export class ModelsController {
  constructor(
    private readonly access: ModelAccess,
    private readonly health: HealthTracker,
  ) {}

  @Get('models')
  list(@Admitted() admission: Admission, @Req() request: Request, @Query() query: unknown): JsonObject {
    const permitted = this.access.permitted(admission);
    if (isAnthropicClient(request)) return anthropicPage(permitted, listWindow(anthropicQuery.transform(query)));
    const asked = openrouterQuery.transform(query);
    const selected = selectModels(permitted, asked);
    const { page, nextOffset } = pageOf(selected, asked);
    return {
      object: 'list',
      data: page.map(modelView),
      total_count: selected.length,
      links: { next: nextOffset === null ? null : nextLink(asked, nextOffset) },
    };
  }

  /** An id with its slash encoded, as both official SDKs send it, or an alias without one. */
  @Get('models/:id')
  retrieve(@Admitted() admission: Admission, @Req() request: Request, @Param('id') id: string): JsonObject {
    const found = this.access.find(admission, id);
    return isAnthropicClient(request) ? anthropicModel(found) : modelView(found);
  }

  @Get('models/:id/endpoints')
  endpoints(@Admitted() admission: Admission, @Param('id') id: string): JsonObject {
    return { data: endpointsView(this.access.find(admission, id), this.health) };
  }

  /** The model both bare, as OpenAI's API answers, and under `data`, as OpenRouter's does. */
  @Get('models/:author/:slug')
  retrieveBySlug(@Admitted() admission: Admission, @Req() request: Request, @Param() path: SlugPath): JsonObject {
    const found = this.access.find(admission, `${path.author}/${path.slug}`);
    if (isAnthropicClient(request)) return anthropicModel(found);
    const view = modelView(found);
    return { ...view, data: view };
  }

  @Get('models/:author/:slug/endpoints')
  endpointsBySlug(@Admitted() admission: Admission, @Param() path: SlugPath): JsonObject {
    return this.endpoints(admission, `${path.author}/${path.slug}`);
  }

  @Get('providers')
  providers(@Admitted() admission: Admission): JsonObject {
    const endpoints = this.access.permitted(admission).flatMap((permitted) => permitted.endpoints);
    const serving = new Set(endpoints.map((endpoint) => endpoint.provider.id));
    const { providers } = admission.loaded.config.catalog;
    return { data: providers.filter((provider) => serving.has(provider.id)).map(providerView) };
  }
}

interface SlugPath {
  readonly author: string;
  readonly slug: string;
}

function nextLink(query: ModelQuery, offset: number): string {
  const stated = Object.entries(query).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return `/v1/models?${new URLSearchParams([...stated.filter(([name]) => name !== 'offset'), ['offset', String(offset)]]).toString()}`;
}
