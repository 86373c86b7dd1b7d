import mysql, { type Pool, type PoolOptions } from 'mysql2';

/**
 * Set on every pooled connection before its first use. Strict mode, so that nothing is cut or converted in silence; READ
 * COMMITTED, as the statements are written for; UTC.
 */
const SESSION = [
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION time_zone = '+00:00'",
  'SET SESSION innodb_lock_wait_timeout = 10',
];

/** The mysql2 module as TypeORM wants it, with pools whose connections all have our session settings. */
export const mysqlDriver = {
  ...mysql,
  createPool(options: PoolOptions): Pool {
    const pool = mysql.createPool(options);
    pool.on('connection', (connection) => {
      // Statements of one connection run in order: these come before whatever the pool's user sends.
      for (const statement of SESSION) {
        connection.query(statement, (error) => {
          if (error !== null) connection.destroy();
        });
      }
    });
    return pool;
  },
};
