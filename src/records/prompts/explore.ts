import { z } from 'zod';
import { definePrompt, type Scope } from '../../capability/define.js';
import { quote } from '../../visible-text.js';
import type { Services } from '../services.js';

export const explore = ({ records }: Services, scope: readonly Scope[]) =>
  definePrompt({
    name: 'explore',
    title: 'Explore a model',
    description: 'What a model holds: how many records, over which time, and how its values are spread.',
    scope,
    arguments: z.strictObject({
      model: z.string().min(1).max(200).describe('Name of a model'),
      field: z.string().max(200).optional().describe('The field that is of interest'),
      value: z.string().max(200).optional().describe('The value of it that is of interest'),
    }),
    async render({ model, field, value }, { scopes }) {
      const { label } = records.model(model, scopes);
      const of = value === undefined ? '' : ` where it is ${quote(value)}`;
      const about = field === undefined ? '' : `, and above all its field ${quote(field)}${of}`;
      return [
        `Explore the model ${quote(label)}${about}.`,
        '1. Read describe_models for it: its fields, enums, relations and indexes.',
        '2. Count its records with count_records, and look at five with find_records.',
        '3. Use aggregate_records: by enums, by month of its times, and the least, greatest and average of its numbers.',
        'Report what stands out in a few sentences. Give numbers only as the tools answered them.',
      ].join('\n');
    },
  });
