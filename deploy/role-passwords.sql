-- PostgreSQL's image runs this after prisma/roles.sql, when it sets the database up. It lets both roles log in.
\getenv owner_password STEWARD_OWNER_PASSWORD
\getenv app_password STEWARD_APP_PASSWORD
ALTER ROLE steward_owner PASSWORD :'owner_password';
ALTER ROLE steward_app PASSWORD :'app_password';
