import { isConnectionFault } from './connection-fault.js';

const withFields = (message: string, fields: object): Error => Object.assign(new Error(message), fields);
const server = (code: string): Error => withFields('from the server', { code, severity: 'ERROR' });
const sqlite = (errcode: number): Error => withFields('from SQLite', { code: 'ERR_SQLITE_ERROR', errcode });
const system = (code: string): Error => withFields(code, { code, syscall: 'connect' });

describe('isConnectionFault', () => {
  it.each<[string, unknown]>([
    ['a refused connection', system('ECONNREFUSED')],
    ['a name that is not found', system('ENOTFOUND')],
    ['a host that refused on every address', new AggregateError([system('ECONNREFUSED'), system('ECONNREFUSED')])],
    ['too many connections', server('53300')],
    ['a full disk of the server', server('53100')],
    ['a server that starts up', server('57P03')],
    ['a cancelled statement', server('57014')],
    ['a lock that was not available', server('55P03')],
    ['a deadlock', server('40P01')],
    ['a transaction that must be run again', server('40001')],
    ['a standby that only reads', server('25006')],
    ['a wrong password', server('28P01')],
    ['a missing database', server('3D000')],
    ['a missing table', server('42P01')],
    ['a pool whose connections are all in use', new Error('timeout exceeded when trying to connect')],
    ['a connection that broke', new Error('Connection terminated unexpectedly')],
    ['a locked file', sqlite(5)],
    ['a snapshot that is too old to write', sqlite(5 | (2 << 8))],
    ['a full disk', sqlite(13)],
    ['a file that cannot be opened', sqlite(14)],
    ['a file that is no database', sqlite(26)],
  ])('is true for %s', (_name, error) => {
    expect(isConnectionFault(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a number out of range', server('22003')],
    ['a text with NUL', server('22021')],
    ['a value that must not be null', server('23502')],
    ['a key that is too long for its index', server('54000')],
    ['a constraint of SQLite', sqlite(19)],
    ['a value of another type', sqlite(19 | (12 << 8))],
    ['a text that is too big', sqlite(18)],
    ['a record that is none', new RangeError('id is 7, not 32 lower-case hexadecimal digits.')],
    ['a fault of the program', new TypeError('undefined is not a function')],
    ['no error', 'Connection terminated unexpectedly'],
    ['nothing', null],
  ])('is false for %s', (_name, error) => {
    expect(isConnectionFault(error)).toBe(false);
  });
});
