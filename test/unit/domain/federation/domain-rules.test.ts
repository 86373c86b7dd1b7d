import { DomainRules } from '../../../../src/domain/federation/domain-rules.service';

const verdicts = (rules: DomainRules, ...names: string[]) => names.filter((name) => rules.allows(name));

describe('the rules about domains', () => {
  it('let everybody pass who has a name, unless denied', () => {
    const rules = new DomainRules({ allowedDomains: null, deniedDomains: ['Bad.test'] });
    expect(verdicts(rules, 'a.test', 'a.test:8448', 'bad.TEST', 'no name', '')).toEqual(['a.test', 'a.test:8448']);
  });

  it('let only listed ones pass where there is a list, and denial is stronger', () => {
    const rules = new DomainRules({ allowedDomains: ['a.test', 'b.test'], deniedDomains: ['b.test'] });
    expect(verdicts(rules, 'A.test', 'b.test', 'c.test')).toEqual(['A.test']);
    expect(() => rules.check('c.test')).toThrow(expect.objectContaining({ errcode: 'M_FORBIDDEN' }));
  });

  it('mean all ports of a host unless they name one', () => {
    const all = new DomainRules({ allowedDomains: null, deniedDomains: ['bad.test'] });
    expect(verdicts(all, 'bad.test', 'bad.test:8448', 'bad.test:1')).toEqual([]);
    const one = new DomainRules({ allowedDomains: null, deniedDomains: ['bad.test:1'] });
    expect(verdicts(one, 'bad.test', 'bad.test:2', 'bad.test:1')).toEqual(['bad.test', 'bad.test:2']);
    const addresses = new DomainRules({ allowedDomains: ['[2606::1]', '1.2.3.4:1'], deniedDomains: [] });
    expect(verdicts(addresses, '[2606::1]', '[2606::1]:9', '1.2.3.4', '1.2.3.4:1')).toEqual([
      '[2606::1]',
      '[2606::1]:9',
      '1.2.3.4:1',
    ]);
  });

  it('may be patterns', () => {
    const allowed = new DomainRules({
      allowedDomains: ['*.Test', 'a?.example'],
      deniedDomains: ['*.bad.test', '*:666'],
    });
    const names = [
      'x.test',
      'x.TEST:8448',
      'test',
      'x.test.org',
      'ab.example',
      'abc.example',
      'y.bad.test',
      'x.test:666',
    ];
    expect(verdicts(allowed, ...names)).toEqual(['x.test', 'x.TEST:8448', 'ab.example']);
  });

  it('with an empty list let nobody pass', () => {
    expect(verdicts(new DomainRules({ allowedDomains: [], deniedDomains: [] }), 'a.test')).toEqual([]);
  });
});
