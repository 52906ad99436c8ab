// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IInferenceMarket} from "../../../src/ledger/interfaces/IInferenceMarket.sol";
import {LedgerTest} from "./LedgerTest.sol";
import {PlainToken} from "./Tokens.sol";

/// @title Random use of the market by five people, beside a specification of it in plain terms.
/// @dev Every action is attempted whether it is allowed or not; the market must do it exactly when the specification says so,
/// and afterwards both must hold the same state. Answers are right or wrong at random; right ones have real proofs.
contract MarketHandler is LedgerTest {
    struct Job {
        IInferenceMarket.Status status;
        address asker;
        address operator;
        address challenger;
        address watcher;
        address token;
        uint256 fee;
        uint256 due;
        uint256 deadline;
        bool optimistic;
        bool right;
    }

    uint256 private constant WINDOW = 10 minutes;

    address[5] private people = [owner, asker, operator, challenger, stranger];
    PlainToken public token;
    mapping(uint256 id => Job) private jobs;
    mapping(address account => uint256) private stakes;
    mapping(address account => uint256) private locked;
    mapping(address account => uint256) private unbonding;
    mapping(address account => uint256) private unbondedAt;
    mapping(address account => mapping(address token => uint256)) private balances;
    mapping(address token => uint256) private earned;
    mapping(address token => uint256) private paidIn;
    mapping(address token => uint256) private paidOut;
    uint256 private faults;
    uint256 private slashes;
    uint256 private burnt;
    uint256 private acceptedProved;
    uint256 private acceptedByTime;
    uint256 private accepted;

    function setUp() public override {
        super.setUp();
        _setPlainTerms(modelId);
        token = new PlainToken();
        for (uint256 i = 0; i < 5; ++i) {
            vm.deal(people[i], 1_000_000 ether);
            token.mint(people[i], 1_000_000 ether);
            vm.prank(people[i]);
            token.approve(address(market), type(uint256).max);
        }
    }

    /// Mostly minutes; sometimes long enough for any window to end.
    function pass(uint16 time) external {
        _skip(uint256(time) % 4 == 0 ? time : time % 300);
    }

    /// To the last second of a request's window, or the one after.
    function passTo(uint256 which, bool after_) external {
        IInferenceMarket.Status wanted = IInferenceMarket.Status(2 + which % 3);
        (, Job storage job) = _which(which, wanted);
        if (job.due >= block.timestamp) vm.warp(after_ ? job.due + 1 : job.due);
    }

    function addStake(uint8 who, uint64 amount) external {
        address account = _who(who);
        _must(account, amount, abi.encodeCall(market.stake, ()), true);
        stakes[account] += amount;
        paidIn[ETHER] += amount;
    }

    function unbond(uint8 who, uint64 amount) external {
        address account = _who(who);
        bool allowed = amount > 0 && amount <= stakes[account] - locked[account];
        if (!_must(account, 0, abi.encodeCall(market.unbond, (uint96(amount))), allowed)) return;
        stakes[account] -= amount;
        unbonding[account] += amount;
        unbondedAt[account] = block.timestamp + UNBONDING_DELAY;
    }

    function withdrawStake(uint8 who) external {
        address account = _who(who);
        bool allowed = unbonding[account] > 0 && block.timestamp >= unbondedAt[account];
        uint256 before = account.balance;
        if (!_must(account, 0, abi.encodeCall(market.withdrawStake, (account)), allowed)) return;
        _assertEq(account.balance - before, unbonding[account], "unbonded stake paid out");
        paidOut[ETHER] += unbonding[account];
        unbonding[account] = 0;
    }

    /// `watched`: by one of the five, or, half of the time, by nobody.
    function ask(uint8 who, uint96 fee, bool optimistic, bool inToken, uint8 watched) external {
        address account = _who(who);
        fee = fee % 1 ether;
        address paidWith = inToken ? address(token) : ETHER;
        IInferenceMarket.Ask memory request =
            _request(optimistic ? IInferenceMarket.Mode.Optimistic : IInferenceMarket.Mode.Proved, fee);
        request.token = paidWith;
        request.watcher = watched % 2 == 0 ? address(0) : _who(watched / 2);
        _must(account, inToken ? 0 : fee, abi.encodeCall(market.ask, (request)), true);
        Job storage job = jobs[market.requestCount()];
        (job.status, job.asker, job.token, job.fee) = (IInferenceMarket.Status.Open, account, paidWith, fee);
        (job.deadline, job.optimistic, job.watcher) = (request.deadline, optimistic, request.watcher);
        paidIn[paidWith] += fee;
    }

    function take(uint8 who, uint256 which) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Open);
        address account = _who(who);
        bool late = _late(job);
        uint256 free = stakes[account] - locked[account];
        bool open = late || (job.status == IInferenceMarket.Status.Open && block.timestamp <= job.deadline);
        if (!_must(account, 0, abi.encodeCall(market.take, (id)), open && free >= BOND)) return;
        if (late) _slashLate(job);
        (job.status, job.operator, job.due) = (IInferenceMarket.Status.Taken, account, block.timestamp + WINDOW);
        locked[account] += BOND;
    }

    function answerProved(uint8 who, uint256 which, bool right, bool asTheOperator) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Taken);
        address account = asTheOperator && job.operator != address(0) ? job.operator : _who(who);
        bool late = _late(job);
        bool taken = job.status == IInferenceMarket.Status.Taken && !late;
        bool open = late || (job.status == IInferenceMarket.Status.Open && block.timestamp <= job.deadline);
        bytes memory call = abi.encodeCall(
            market.answerProved, (id, abi.encode(right ? SCORES : SCORES + 1), _proof(account, id, SCORES))
        );
        if (!_must(account, 0, call, right && (open || (taken && job.operator == account)))) return;
        if (late) _slashLate(job);
        if (taken) locked[account] -= BOND;
        job.operator = account;
        ++acceptedProved;
        _accept(job);
    }

    function answerOptimistic(uint8 who, uint256 which, bool right, bool asTheOperator) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Taken);
        address account = asTheOperator && job.operator != address(0) ? job.operator : _who(who);
        bool allowed = job.status == IInferenceMarket.Status.Taken && job.operator == account && job.optimistic
            && block.timestamp <= job.due;
        bytes memory call = abi.encodeCall(market.answerOptimistic, (id, abi.encode(right ? SCORES : SCORES + 1)));
        if (!_must(account, 0, call, allowed)) return;
        (job.status, job.due) = (IInferenceMarket.Status.Answered, block.timestamp + CHALLENGE_WINDOW);
        job.right = right;
    }

    function dispute(uint8 who, uint256 which) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Answered);
        address account = _who(who);
        bool allowed = job.status == IInferenceMarket.Status.Answered && block.timestamp <= job.due;
        if (!_must(account, CHALLENGE_BOND, abi.encodeCall(market.dispute, (id)), allowed)) return;
        (job.status, job.due) = (IInferenceMarket.Status.Disputed, block.timestamp + PROVE_WINDOW);
        job.challenger = account;
        paidIn[ETHER] += CHALLENGE_BOND;
    }

    function prove(uint8 who, uint256 which, bool right) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Disputed);
        bool allowed = job.status == IInferenceMarket.Status.Disputed && block.timestamp <= job.due && job.right && right;
        bytes memory call = abi.encodeCall(
            market.prove, (id, abi.encode(right ? SCORES : SCORES + 1), _proof(job.operator, id, SCORES))
        );
        if (!_must(_who(who), 0, call, allowed)) return;
        locked[job.operator] -= BOND;
        balances[job.operator][ETHER] += CHALLENGE_BOND;
        ++acceptedProved;
        _accept(job);
    }

    function finalize(uint8 who, uint256 which) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Answered);
        bool allowed = job.status == IInferenceMarket.Status.Answered && block.timestamp > job.due;
        if (!_must(_who(who), 0, abi.encodeCall(market.finalize, (id)), allowed)) return;
        locked[job.operator] -= BOND;
        ++acceptedByTime;
        _accept(job);
    }

    function slash(uint8 who, uint256 which) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Disputed);
        bool unproved = job.status == IInferenceMarket.Status.Disputed && block.timestamp > job.due;
        bool late = _late(job);
        if (!_must(_who(who), 0, abi.encodeCall(market.slash, (id)), late || unproved)) return;
        if (late) return _slashLate(job);
        balances[job.challenger][ETHER] += CHALLENGE_BOND;
        uint256 forWatcher = job.watcher == address(0) || job.watcher == job.operator ? 0 : BOND / 2;
        balances[job.watcher][ETHER] += forWatcher;
        balances[job.asker][ETHER] += BOND - forWatcher;
        job.challenger = address(0);
        _fault(job);
    }

    function cancel(uint8 who, uint256 which) external {
        (uint64 id, Job storage job) = _which(which, IInferenceMarket.Status.Open);
        address account = _who(who);
        bool late = _late(job);
        bool allowed = late
            ? account == job.asker
            : job.status == IInferenceMarket.Status.Open && (account == job.asker || block.timestamp > job.deadline);
        if (!_must(account, 0, abi.encodeCall(market.cancel, (id)), allowed)) return;
        if (late) _slashLate(job);
        job.status = IInferenceMarket.Status.Cancelled;
        balances[job.asker][job.token] += job.fee;
    }

    function withdraw(uint8 who, bool inToken) external {
        address account = _who(who);
        address paidWith = inToken ? address(token) : ETHER;
        uint256 due = balances[account][paidWith];
        uint256 before = inToken ? token.balanceOf(account) : account.balance;
        if (!_must(account, 0, abi.encodeCall(market.withdraw, (paidWith, account)), due > 0)) return;
        _assertEq((inToken ? token.balanceOf(account) : account.balance) - before, due, "paid out what was theirs");
        balances[account][paidWith] = 0;
        paidOut[paidWith] += due;
    }

    function forward(uint8 who, bool inToken) external {
        address paidWith = inToken ? address(token) : ETHER;
        bytes memory call = abi.encodeCall(market.forwardRoyalties, (modelId, 1, paidWith, owner));
        if (!_must(_who(who), 0, call, earned[paidWith] > 0)) return;
        paidOut[paidWith] += earned[paidWith];
        earned[paidWith] = 0;
    }

    /// The market holds what was paid in less what was paid out, and each account of it says what the specification says.
    function checkBooks() external view {
        _checkToken(ETHER, address(market).balance);
        _checkToken(address(token), token.balanceOf(address(market)));
        _assertEq(
            address(royalties).balance + token.balanceOf(address(royalties)),
            royalties.balanceOf(owner, ETHER) + royalties.balanceOf(owner, address(token)),
            "royalties arrived"
        );
    }

    /// Requests are in the state that the specification says, each fault was slashed once, and answers were accepted for one
    /// of two reasons.
    function checkState() external view {
        uint256 count = market.requestCount();
        for (uint64 id = count > 24 ? uint64(count - 24) : 1; id <= count; ++id) {
            IInferenceMarket.Request memory r = market.requestOf(id);
            Job storage job = jobs[id];
            _assertEq(uint256(r.status), uint256(job.status), "status");
            _assertEq(r.operator, job.operator, "operator");
            _assertEq(r.deadline, job.deadline, "deadline");
            _assertEq(r.challenger, job.challenger, "challenger");
            _assertEq(r.watcher, job.watcher, "watcher");
        }
        _assertEq(slashes, faults, "a slash for each fault");
        _assertEq(burnt, faults * BOND, "a bond for each slash");
        _assertEq(accepted, acceptedProved + acceptedByTime, "accepted by proof or by time");
    }

    function _checkToken(address kind, uint256 held) private view {
        _assertEq(held, paidIn[kind] - paidOut[kind], "what is held");
        uint256 owed = earned[kind];
        _assertEq(market.royaltiesOf(modelId, 1, kind, owner), earned[kind], "royalties");
        for (uint256 i = 0; i < 5; ++i) {
            address account = people[i];
            _assertEq(market.balanceOf(account, kind), balances[account][kind], "balance");
            owed += balances[account][kind];
            if (kind != ETHER) continue;
            IInferenceMarket.Operator memory o = market.operatorOf(account);
            _assertEq(o.stake, stakes[account], "stake");
            _assertEq(o.locked, locked[account], "locked");
            _assertEq(o.unbonding, unbonding[account], "unbonding");
            _assertLe(o.locked, o.stake, "locked stake");
            owed += uint256(o.stake) + o.unbonding;
        }
        for (uint64 id = 1; id <= market.requestCount(); ++id) {
            Job storage job = jobs[id];
            bool finished =
                job.status == IInferenceMarket.Status.Accepted || job.status == IInferenceMarket.Status.Cancelled;
            if (!finished && job.token == kind) owed += job.fee;
            if (job.status == IInferenceMarket.Status.Disputed && kind == ETHER) owed += CHALLENGE_BOND;
        }
        _assertEq(owed, held, "the sum of all that is owed");
    }

    function _accept(Job storage job) private {
        (job.status, job.due) = (IInferenceMarket.Status.Accepted, 0);
        ++accepted;
        uint256 forOperator = job.fee * 7000 / 10_000;
        balances[job.operator][job.token] += forOperator;
        earned[job.token] += job.fee - forOperator;
    }

    function _slashLate(Job storage job) private {
        balances[job.asker][ETHER] += BOND;
        _fault(job);
    }

    function _fault(Job storage job) private {
        ++faults;
        address account = job.operator;
        stakes[account] -= BOND;
        locked[account] -= BOND;
        if (market.operatorOf(account).stake <= stakes[account]) {
            ++slashes;
            burnt += BOND;
        }
        (job.status, job.operator, job.due) = (IInferenceMarket.Status.Open, address(0), 0);
        if (block.timestamp + WINDOW > job.deadline) job.deadline = block.timestamp + WINDOW;
    }

    /// Does a call and insists that it succeeds exactly if it is allowed.
    function _must(address account, uint256 value, bytes memory call, bool allowed) private returns (bool done) {
        vm.prank(account);
        (done,) = address(market).call{value: value}(call);
        _assertTrue(done == allowed, allowed ? "refused what is allowed" : "did what is not allowed");
    }

    function _late(Job storage job) private view returns (bool) {
        return job.status == IInferenceMarket.Status.Taken && block.timestamp > job.due;
    }

    function _who(uint8 seed) private view returns (address) {
        return people[seed % 5];
    }

    /// Mostly one of the last eight requests that awaits this step, so that requests live through whole lives; else any.
    function _which(uint256 seed, IInferenceMarket.Status wanted) private view returns (uint64 id, Job storage job) {
        uint64 count = market.requestCount();
        uint64 first = uint64(seed % 8);
        for (uint64 i = 0; i < 8; ++i) {
            uint64 back = (first + i) % 8;
            id = count > back ? count - back : count;
            if (seed % 64 < 8 || jobs[id].status == wanted) break;
        }
        job = jobs[id];
    }
}
