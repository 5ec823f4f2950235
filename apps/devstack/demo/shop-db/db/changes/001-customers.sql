--liquibase formatted sql

--changeset ana:customer labels:customers
--comment: Whoever has an account with us
create table customer (
  id         bigint generated always as identity primary key,
  email      text not null,
  name       text not null,
  created_at timestamptz not null default now()
);
--rollback drop table customer;

--changeset ana:customer-email-unique labels:customers
--comment: One account per address, however it is spelled
create unique index customer_email_key on customer (lower(email));
--rollback drop index customer_email_key;

--changeset ben:customer-email-check labels:customers
alter table customer add constraint customer_email_has_at check (position('@' in email) > 1);
--rollback alter table customer drop constraint customer_email_has_at;
