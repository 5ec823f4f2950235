#!/bin/bash
# Asks the plain health listener whether the process is ready. In bash, because a Node every few seconds and container
# would cost more than some services do.
exec 3<>"/dev/tcp/127.0.0.1/${SLUICE_HEALTH_PORT:?}" || exit 1
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
