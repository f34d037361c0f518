// What changes in the deployed Envoy settings when oauth2-proxy signs people in: who is asked, and what the gateway is told.

/** Pairs of what stands in envoy.yaml and what comes in its place. */
export function oauth2ProxyInFront(port: number, secret: string): [string, string][] {
  const tells = `                          request_headers_to_add:
                            - append_action: OVERWRITE_IF_EXISTS_OR_ADD
                              header: {key: x-flowdeck-secret, value: "${secret}"}
`;
  const own = "                          route: {cluster: gateway, timeout: 30s, idle_timeout: 60s}\n";
  const open = "                          typed_per_filter_config: *open\n";
  const auth = "                          match: {path_separated_prefix: /auth}\n";
  const page = "                          match: {prefix: /}\n" + own;
  const kubernetes = "                          match: {path_separated_prefix: /k8s}\n";
  const oauth2 = "                          match: {path_separated_prefix: /oauth2}\n                          route: {cluster: oauth2-proxy, timeout: 30s, idle_timeout: 60s}\n";
  return [
    ['server_uri: {uri: "http://gateway", cluster: gateway, timeout: 4s}', 'server_uri: {uri: "http://oauth2-proxy", cluster: oauth2-proxy, timeout: 4s}'],
    ["                        path_prefix: /auth/check\n", ""],
    ["{exact: kubeflow-userid, ignore_case: true}", "{exact: x-auth-request-email, ignore_case: true}"],
    ["{exact: kubeflow-groups, ignore_case: true}", "{exact: x-auth-request-groups, ignore_case: true}"],
    [`                        - name: sign-in\n${auth}${own}${open}`, `                        - name: sign-in\n${oauth2}${open}                        - name: session\n${auth}${own}${tells}`],
    [kubernetes, kubernetes + tells],
    [page + open, page + tells],
    [
      "    - name: pipelines\n      type: STRICT_DNS\n",
      `    - name: oauth2-proxy
      type: STRICT_DNS
      connect_timeout: 2s
      load_assignment:
        cluster_name: oauth2-proxy
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address:
                    socket_address: {address: 127.0.0.1, port_value: ${port}}
    - name: pipelines
      type: STRICT_DNS
`,
    ],
  ];
}
