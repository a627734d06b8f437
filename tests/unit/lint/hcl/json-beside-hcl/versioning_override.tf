locals {
  versioning = title("suspended")
}
