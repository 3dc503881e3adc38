"""What the tests of the SCIM endpoint agree on."""

TOKEN = "scim-demo-token"
OLD_TOKEN = "scim-token-before"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
