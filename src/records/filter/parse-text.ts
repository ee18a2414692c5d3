import { refuse, splitPath } from '../argument.js';
import { scan, type Token } from './scan.js';
import { LIMITS, type Comparison, type Filter, type Literal, type Match, type Quantifier } from './syntax.js';

const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='] satisfies Comparison[];
const QUANTIFIERS: readonly Quantifier[] = ['some', 'none', 'every'];

/**
 * Reads a filter such as `status = PAID and (total >= 990.5 or note is null) and items some (qty > 2)`.
 *
 *     or      = and { "or" and }
 *     and     = not { "and" not }
 *     not     = "not" not | "(" or ")" | term
 *     term    = path ( comparison value | ["not"] "in" "(" value { "," value } ")"
 *             | ["not"] ( "contains" | "starts with" | "ends with" | "has" ) value
 *             | "is" ["not"] "null" | ( "some" | "none" | "every" ) "(" [ or ] ")" )
 *
 * @throws StewardError VALIDATION naming the place
 */
export function parseFilterText(text: string, argument: string): Filter {
  if (text.length > LIMITS.characters)
    refuse(
      `It has ${text.length} characters; at most ${LIMITS.characters} are read.`,
      { at: undefined },
      argument,
    );
  return new Parser(scan(text, argument), argument).parse();
}

class Parser {
  #next = 0;
  #afterValue = 0;
  #terms = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly argument: string,
  ) {}

  parse(): Filter {
    const filter = this.#or(0);
    if (this.#peek().kind !== 'end') this.#expected('and, or, or the end');
    return filter;
  }

  #or(depth: number): Filter {
    const terms = [this.#and(depth)];
    while (this.#takeWord('or')) terms.push(this.#and(depth));
    return terms.length === 1 ? (terms[0] as Filter) : { kind: 'or', terms };
  }

  #and(depth: number): Filter {
    const terms = [this.#not(depth)];
    while (this.#takeWord('and')) terms.push(this.#not(depth));
    return terms.length === 1 ? (terms[0] as Filter) : { kind: 'and', terms };
  }

  #not(depth: number): Filter {
    if (depth > LIMITS.depth)
      refuse(`Brackets and not go at most ${LIMITS.depth} deep.`, this.#peek(), this.argument);
    if (this.#takeWord('not')) return { kind: 'not', term: this.#not(depth + 1) };
    if (!this.#takeSign('(')) return this.#term(depth);
    const inner = this.#or(depth + 1);
    this.#needSign(')');
    return inner;
  }

  #term(depth: number): Filter {
    const token = this.#peek();
    if (++this.#terms > LIMITS.terms)
      refuse(`At most ${LIMITS.terms} conditions are read.`, token, this.argument);
    if (token.kind !== 'word') this.#expected('a field');
    this.#next++;
    const path = splitPath(token.text, token.at);
    const sign = this.#peek();
    if (sign.kind === 'sign' && COMPARISONS.includes(sign.text)) {
      this.#next++;
      return { kind: 'compare', path, operator: sign.text as Comparison, value: this.#value() };
    }
    if (this.#takeWord('is')) {
      const negated = this.#takeWord('not');
      if (!this.#takeWord('null')) this.#expected('null');
      return negate(negated, { kind: 'null', path });
    }
    const quantifier = QUANTIFIERS.find((word) => this.#takeWord(word));
    if (quantifier) {
      this.#needSign('(');
      const term = this.#isSign(')') ? undefined : this.#or(depth + 1);
      this.#needSign(')');
      return { kind: 'related', path, quantifier, term };
    }
    const negated = this.#takeWord('not');
    if (this.#takeWord('in')) return negate(negated, { kind: 'in', path, values: this.#values() });
    if (this.#takeWord('has')) return negate(negated, { kind: 'has', path, value: this.#value() });
    const how = this.#match();
    if (how) return negate(negated, { kind: 'match', path, how, value: this.#value() });
    return this.#expected(
      negated
        ? 'in, contains, starts with, ends with or has after not'
        : '=, !=, <, <=, >, >=, in, contains, starts with, ends with, has, is null, some, none or every',
    );
  }

  #match(): Match | undefined {
    if (this.#takeWord('contains')) return 'contains';
    for (const [word, how] of [
      ['starts', 'starts with'],
      ['ends', 'ends with'],
    ] as const) {
      if (!this.#takeWord(word)) continue;
      if (!this.#takeWord('with')) this.#expected(`with after ${word}`);
      return how;
    }
    return undefined;
  }

  #values(): Literal[] {
    this.#needSign('(');
    const values = [this.#value()];
    while (this.#takeSign(',')) values.push(this.#value());
    this.#needSign(')');
    return values;
  }

  #value(): Literal {
    const token = this.#peek();
    if (token.kind !== 'word' && token.kind !== 'quoted') this.#expected('a value');
    this.#afterValue = ++this.#next;
    return { text: token.text, quoted: token.kind === 'quoted', at: token.at };
  }

  #peek(): Token {
    return this.tokens[this.#next] as Token;
  }

  /** Keywords are read in any case. */
  #takeWord(word: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'word' || text.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }

  #isSign(sign: string): boolean {
    const { kind, text } = this.#peek();
    return kind === 'sign' && text === sign;
  }

  #takeSign(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#next++;
    return true;
  }

  #needSign(sign: string): void {
    if (!this.#takeSign(sign)) this.#expected(sign);
  }

  #expected(what: string): never {
    const token = this.#peek();
    const hint =
      token.kind === 'word' && this.#afterValue === this.#next
        ? ' A value of several words needs quotes.'
        : '';
    refuse(`Expected ${what}, found ${token.text}.${hint}`, token, this.argument);
  }
}

function negate(negated: boolean, term: Filter): Filter {
  return negated ? { kind: 'not', term } : term;
}
