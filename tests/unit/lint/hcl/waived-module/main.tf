# failover:ignore FW311 the whole domain is ours
variable "age" {
  default = 31536000
}

# failover:ignore FW121 two dollars a month are agreed
# failover:ignore FW043 nothing weighted is in there
module "checks" {
  source = "./region"
}
