//! Accounts, quota, cooldowns and leases. Pure: time and randomness are passed in
