/** Set-up file of the mariadb project: its tests get MariaDB where the others get SQLite. */
process.env['TRELLIS_TEST_DATABASE'] = 'mysql';
