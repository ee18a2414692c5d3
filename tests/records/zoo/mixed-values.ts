/** Gives all animals nulls, equal values, microseconds, and numbers that no float or JSON holds, in each type. */
export const MIXED_VALUES = `
  UPDATE zoo.animals SET
    note = CASE WHEN id % 3 > 0 THEN 'n' || id % 5 END,
    code = CASE WHEN id % 4 > 0 THEN chr(65 + id % 3) || CASE WHEN id % 2 = 0 THEN '_' ELSE '%' END END,
    fixed = CASE WHEN id % 5 > 0 THEN repeat('a', id % 4) || 'b' END,
    nick = CASE WHEN id % 4 > 0 THEN CASE WHEN id % 2 = 0 THEN 'nick' ELSE 'NICK' END || id % 3 END,
    uid = CASE WHEN id % 6 > 0 THEN md5((id % 7)::text)::uuid END,
    address = CASE WHEN id % 5 > 0 THEN ('10.0.' || id % 3 || '.0/' || 22 + id % 4)::inet END,
    bits = CASE WHEN id % 5 > 0 THEN (id % 6)::bit(4)::varbit END,
    small = CASE WHEN id % 7 > 0 THEN id % 3 END,
    big = CASE WHEN id % 4 > 0 THEN 9007199254740993 + id % 5 END,
    float = CASE WHEN id % 6 > 0 THEN (ARRAY['NaN', 'Infinity', '-0', '0', '0.1', '1e-320']::float[])[1 + id % 6] END,
    real = CASE WHEN id % 5 > 0 THEN (0.1 + id % 4)::real END,
    decimal = CASE WHEN id % 4 > 0 THEN 12345678901234567890.1 + (id % 5)::numeric / 1000000000 END,
    price = CASE WHEN id % 3 > 0 THEN (id % 5)::money - 2::money END,
    alive = CASE WHEN id % 3 > 0 THEN id % 2 = 0 END,
    born = CASE id % 4 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN date '0044-03-15 BC' + id % 3 ELSE date '2026-01-01' END,
    fed = CASE WHEN id % 3 > 0 THEN time '23:59:59.999999' + id % 3 * interval '1 microsecond' END,
    fed_zone = CASE WHEN id % 3 > 0 THEN ('09:00+0' || id % 4)::timetz END,
    seen = CASE WHEN id % 5 > 0 THEN '2026-05-01 09:00:00+00'::timestamptz + id % 4 * interval '1 microsecond' END,
    plain = CASE WHEN id % 5 > 0 THEN '-infinity'::timestamp ELSE '2026-05-01' END;
`;
