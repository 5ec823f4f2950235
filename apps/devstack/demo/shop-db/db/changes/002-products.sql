--liquibase formatted sql

--changeset ana:product labels:catalogue
create table product (
  id          bigint generated always as identity primary key,
  sku         text not null unique,
  title       text not null,
  description text not null default '',
  active      boolean not null default true
);
--rollback drop table product;

--changeset ana:price labels:catalogue
--comment: Prices have a history: an order keeps the one it was made at
create table price (
  product_id bigint not null references product (id),
  valid_from timestamptz not null default now(),
  cents      integer not null,
  currency   char(3) not null default 'EUR',
  primary key (product_id, valid_from)
);
--rollback drop table price;

--changeset ben:price-positive labels:catalogue
alter table price add constraint price_is_positive check (cents > 0);
--rollback alter table price drop constraint price_is_positive;

--changeset ben:product-active-index labels:catalogue
--comment: The shop window only asks for what is for sale
create index product_active on product (title) where active;
--rollback drop index product_active;

--changeset cem:first-products labels:catalogue
--comment: What we sell from the first day on, everywhere
insert into product (sku, title, description) values
  ('TEA-ASSAM', 'Assam', 'Malty; good with milk'),
  ('TEA-SENCHA', 'Sencha', 'Grassy; 70 degrees are enough'),
  ('POT-GLASS', 'Glass teapot', '1.2 litres');
insert into price (product_id, cents)
select id, case sku when 'TEA-ASSAM' then 890 when 'TEA-SENCHA' then 1190 else 3450 end from product;
--rollback delete from price where product_id in (select id from product where sku in ('TEA-ASSAM', 'TEA-SENCHA', 'POT-GLASS'));
--rollback delete from product where sku in ('TEA-ASSAM', 'TEA-SENCHA', 'POT-GLASS');
