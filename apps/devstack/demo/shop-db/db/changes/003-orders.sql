--liquibase formatted sql

--changeset ana:shop-order labels:orders
create table shop_order (
  id          bigint generated always as identity primary key,
  customer_id bigint not null references customer (id),
  status      text not null default 'open',
  placed_at   timestamptz not null default now(),
  constraint shop_order_status check (status in ('open', 'paid', 'shipped', 'cancelled'))
);
--rollback drop table shop_order;

--changeset ana:order-line labels:orders
create table order_line (
  order_id   bigint not null references shop_order (id) on delete cascade,
  product_id bigint not null references product (id),
  quantity   integer not null check (quantity > 0),
  cents      integer not null check (cents > 0),
  primary key (order_id, product_id)
);
--rollback drop table order_line;

--changeset ben:order-indexes labels:orders
--comment: A customer's orders, newest first, and who bought a product
create index shop_order_of_customer on shop_order (customer_id, placed_at desc);
create index order_line_of_product on order_line (product_id);
--rollback drop index order_line_of_product;
--rollback drop index shop_order_of_customer;
