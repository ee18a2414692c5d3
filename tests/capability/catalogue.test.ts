import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { composeCatalogue } from '../../src/capability/catalogue.js';
import { defineTool, EFFECTS, type Tool } from '../../src/capability/define.js';
import type { Domain } from '../../src/capability/domain.js';

const tool = (name: string, scope = 'orders:read'): Tool =>
  defineTool({
    name,
    title: name,
    description: name,
    scope,
    effect: EFFECTS.reads,
    input: z.strictObject({}),
    output: z.strictObject({}),
    handle: async () => ({}),
  });

const domain = (name: string, parts: Partial<Domain> = {}): Domain => ({
  name,
  settings: {},
  scopes: ['orders:read'],
  tools: [],
  resources: [],
  prompts: [],
  completions: {},
  instructions: `About ${name}.`,
  redactArguments: () => ({}),
  ...parts,
});

const resource = (name: string, uriTemplate: string) => ({
  name,
  title: name,
  description: name,
  uriTemplate,
  tool: tool('read'),
});

describe('a catalogue', () => {
  it('holds what several domains bring, in their order', () => {
    const [orders, tickets] = [
      domain('orders', { tools: [tool('find_orders')] }),
      domain('tickets', { scopes: ['tickets:read'], tools: [tool('find_tickets', 'tickets:read')] }),
    ];
    const { tools, scopes, instructions, domainOf } = composeCatalogue([orders, tickets]);
    expect(tools.map(({ name }) => name)).toEqual(['find_orders', 'find_tickets']);
    expect(tools.map((one) => domainOf(one)?.name)).toEqual(['orders', 'tickets']);
    expect(scopes).toEqual(['orders:read', 'tickets:read']);
    expect(instructions).toBe('About orders.\n\nAbout tickets.');
  });

  it.each([
    ['tools', { tools: [tool('find')] }, 'There are two tools "find".'],
    ['resources', { resources: [resource('one', 'a://x')] }, 'There are two resources "one".'],
  ])('stops the start for two %s of one name', (_kind, parts, says) => {
    expect(() => composeCatalogue([domain('a', parts), domain('b', parts)])).toThrow(says);
  });

  it('stops the start for two resources at one address', () => {
    const one = domain('a', { resources: [resource('one', 'a://x')] });
    const other = domain('b', { resources: [resource('other', 'a://x')] });
    expect(() => composeCatalogue([one, other])).toThrow('There are two resources at "a://x".');
  });

  it('stops the start for a scope that the domain does not declare, and for one that is none', () => {
    expect(() => composeCatalogue([domain('a', { tools: [tool('find', 'orders:write')] })])).toThrow(
      'needs the scope "orders:write", which the domain does not declare',
    );
    expect(() => composeCatalogue([domain('a', { scopes: ['orders read'] })])).toThrow(
      'declares "orders read", which is no scope',
    );
  });
});
