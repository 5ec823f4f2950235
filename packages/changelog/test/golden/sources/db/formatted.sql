--liquibase formatted sql

--property name:tableName value:note
--changeset bob:1
--comment: the first table
create table ${tableName} ( -- a comment with ; in it
  id serial primary key,
  body text /* and one ; here */
);
--rollback drop table note;

-- changeset "bob the builder":"two words" context:"a or b" labels:"x 1, Y" runOnChange:true
create or replace view note_count as select count(*) as n from note;
--rollback drop view note_count;
--rollback select 1;

--changeset bob:3 splitStatements:false
create function twice(n integer) returns integer as $body$
begin
  -- inside; the body
  return n * 2;
end;
$body$ language plpgsql;
--rollback empty

--changeset bob:4 endDelimiter:\n/
create function thrice(n integer) returns integer as $$ select n * 3; $$ language sql
/
insert into note (body) values ('after the slash;')
/

--changeset bob:5 runInTransaction:false failOnError:false
create index concurrently note_body on note (body);

--changeset bob:6 stripComments:false
/* kept */ insert into note (body) values ('quote '' and -- no comment');
--ignoreLines:1
insert into note (body) values ('ignored');
--ignoreLines:start
insert into note (body) values ('ignored too');
--ignoreLines:end
insert into note (body) values ('ünïcödé ☃ 𝒳');

--changeset bob:7 logicalFilePath:old/place.sql
insert into note (body) values ('moved');
/* liquibase rollback
delete from note where body = 'moved';
*/

--changeset bob:8
--preconditions onFail:MARK_RAN onError:HALT
--precondition-sql-check expectedResult:"0" select count(*) from note where body = 'nobody wrote this'
insert into note (body) values ('precondition held');

--changeset bob:9
insert into note (body) values ('go')
go
insert into note (body) values ('slash')
/
insert into note (body) select case when true then 'case;end' end;

--changeset bob:10 dbms:mysql,mariadb
not for postgres;

--changeset bob:11
insert into note (body) values ('${undefined} ${greeting}');
